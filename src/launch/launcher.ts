import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { codeOf, HumanError, messageOf } from '../core/errors';
import type { Ending, ProcessRef } from '../core/events';
import type { Report } from '../core/report';
import { EventFile } from '../observe/record/eventFile';
import { bootClock, readStart, refOf } from '../observe/system/identity';
import { defaultOutputLimit, KeptOutput } from '../observe/record/keptOutput';
import { originOf } from '../observe/record/origin';
import { outputsOf, readDescription, writeDescription, type RunDescription } from '../observe/record/runDirectory';
import { observedVariables } from './environment';
import { Observer } from '../observe/observer';
import { checkFolder, checkProgram, notFound } from './resolve';
import { isThere, startProgram, type OwnBytes } from './start';

/** What the launcher is to do. */
export interface LaunchSpec {
  /** an existing run directory */
  run: string;
  id: string;
  argv: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** the program gets this process's own folder and environment, and maybe words of its command line: `argv`, `cwd` and `env` only show them */
  own?: OwnBytes;
  /** inherit: the program has the launcher's own stdin, stdout and stderr; keep: stdout and stderr go to files of the run directory */
  output: 'inherit' | 'keep';
  /** bytes of each stream that are kept, the newest ones */
  outputLimit?: number | undefined;
  /** the folder of the probes; undefined: the program runs without them */
  probes?: string | undefined;
  /** members keep copies of what they print */
  copies: boolean;
  /** a window attaches its debuggers to new members: each waits for it before its first line */
  followed?: boolean | undefined;
  poll?: number | undefined;
  /** seconds without news of any member, after which somebody looks why; undefined: nobody does */
  hangAfter?: number | undefined;
  /** what else `run.json` says of the run */
  about?: Pick<RunDescription, 'name' | 'workspace' | 'console' | 'configuration'>;
}

/** The last word of a record that is complete. */
export const allEnded = 'all members ended';

/** The identity of this process. */
export function ownRef(): ProcessRef {
  const start = readStart(process.pid);
  return start === undefined ? `${process.pid}.m${Math.round(Date.now() - process.uptime() * 1000)}` : `${process.pid}.${start}`;
}

/** Field 7 of proc_pid_stat(5): without a controlling terminal nobody but us can interrupt the program from a keyboard. */
function hasTerminal(): boolean {
  if (process.platform !== 'linux') return process.stdin.isTTY;
  try {
    const text = readFileSync('/proc/self/stat', 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[4] !== '0';
  } catch {
    return process.stdin.isTTY;
  }
}

/** Starts one program, observes it, and tells how it ended. */
export class Launcher {
  readonly #self = ownRef();
  readonly #file: EventFile;
  readonly #description: RunDescription;
  readonly #terminal = hasTerminal();
  #observer: Observer | undefined;
  #child: ChildProcess | undefined;
  #kept: KeptOutput | undefined;
  #handlers: [NodeJS.Signals, () => void][] = [];

  /** `observing` is told of the observer once the program has started. */
  constructor(private readonly spec: LaunchSpec, private readonly observing: (observer: Observer) => void = () => undefined) {
    this.#file = new EventFile(spec.run, 'launcher', this.#self);
    const { run, id, argv, cwd, about } = spec;
    this.#description = {
      schema: 'procession.run/1', id, command: argv, cwd, startedAt: Date.now(), observer: this.#self, origin: originOf(run), ...about,
    };
    this.#describe({});
    this.#file.write({ e: 'run', t: this.#description.startedAt, run: id, command: argv, cwd, host: hostname(), platform: process.platform, ...bootClock() });
  }

  /** Says more in `run.json`. A failure is kept, not thrown, as with events. */
  #describe(more: Partial<RunDescription>): void {
    Object.assign(this.#description, more);
    try {
      writeDescription(this.spec.run, this.#description);
    } catch (error) {
      this.#file.failure ??= codeOf(error) ?? messageOf(error);
    }
  }

  /** Resolves when the root has ended. Throws {@link HumanError} when it can't be started. */
  async launch(): Promise<Ending> {
    try {
      this.#check();
      const ended = this.#start();
      return await ended;
    } catch (error) {
      this.#file.write({ e: 'launchFailed', t: Date.now(), message: messageOf(error) });
      this.#file.write({ e: 'end', t: Date.now(), reason: 'not started' });
      throw error;
    }
  }

  #check(): void {
    const { argv, cwd, env, own } = this.spec;
    if (!own) checkFolder(cwd);
    if (!own?.words && !own?.environment && !own?.pathless) checkProgram(argv, cwd, env);
    else if (!isThere(own, argv)) throw notFound(argv[0] ?? '');
  }

  /** Starts the program, without the probes if their variables are what makes its arguments and variables too many (execve(2), E2BIG). */
  #spawn(): ChildProcess {
    const { run, argv, cwd, env, own, output, probes, copies, followed } = this.spec;
    const start = (added: Record<string, string>): ChildProcess => startProgram({
      argv, env, added, own: own ?? {}, cwd: own ? undefined : cwd, scratch: join(run, 'words'),
      stdio: output === 'keep' ? ['ignore', 'pipe', 'pipe'] : 'inherit',
      // A session of its own keeps a signal to our group from the program, and the other way round. In a terminal the
      // program must stay in the foreground group, or it could not read.
      detached: !this.#terminal && process.platform !== 'win32',
    });
    const observed = probes === undefined ? [] : [observedVariables(env, { run, probes, ancestor: this.#self, keepOutput: copies, ...(followed ? { chosen: true } : {}) }, argv)];
    for (const [tries, added] of [...observed, {}].entries()) {
      try {
        const child = start(added);
        if (tries > 0) this.#file.write({ e: 'problem', t: Date.now(), kind: 'probe', message: 'Its arguments and variables leave no room for those of the probes, so the program is seen from outside only.' });
        return child;
      } catch (error) {
        if (codeOf(error) !== 'E2BIG') throw error;
      }
    }
    throw new HumanError(`${argv[0] ?? ''} could not be started (E2BIG): its arguments and variables are more than this system takes, or one of them is longer than 128 kB. Pass them in a file, or in parts with xargs.`, 126);
  }

  #start(): Promise<Ending> {
    const { argv, output } = this.spec;
    this.#forward();
    const child = this.#spawn();
    this.#child = child;
    if (output === 'keep') this.#keepOutput(child);
    return new Promise((resolve, reject) => {
      child.on('error', (error) => {
        if (child.pid === undefined) reject(new HumanError(`${argv[0] ?? ''} could not be started (${codeOf(error) ?? error.message}). Check that it is a program for this machine.`, 126));
      });
      if (child.pid === undefined) return;
      const ref = this.#observe(child.pid);
      child.on('exit', (code, signal) => {
        this.#tell({ e: 'rootExit', t: Date.now(), child: ref, code, signal });
        this.#stopForwarding();
        resolve({ code, signal });
      });
    });
  }

  /** Keeps what the root and those who inherit its streams print. The pipes are drained whatever comes of it: the program must not block. */
  #keepOutput(child: ChildProcess): void {
    const kept = new KeptOutput(outputsOf(this.spec.run), this.spec.outputLimit ?? defaultOutputLimit, (kind, message) => this.#tell({ e: 'problem', t: Date.now(), kind, message }));
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.on('data', (bytes: Buffer) => kept.write(name, bytes, Date.now())).on('error', () => undefined);
    }
    this.#kept = kept;
  }

  #observe(pid: number): ProcessRef {
    const root = refOf(pid);
    this.#file.write({ e: 'root', t: Date.now(), child: root });
    this.#describe({ root });
    this.#observer = new Observer(
      { run: this.spec.run, id: this.#self, root, ...(this.spec.poll === undefined ? {} : { poll: this.spec.poll }), ...(this.#terminal ? {} : { sessionId: pid }) },
      this.#file,
    );
    this.observing(this.#observer);
    return root;
  }

  #tell(event: Parameters<Observer['tell']>[0]): void {
    if (this.#observer) this.#observer.tell(event);
    else this.#file.write(event);
  }

  /** Passes signals on to the root. What a terminal sends, it sends to the whole foreground group: the program has it already. */
  #forward(): void {
    const all: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGCONT'];
    const fromTerminal = new Set<NodeJS.Signals>(this.#terminal ? ['SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGCONT'] : []);
    for (const signal of process.platform === 'win32' ? (['SIGINT', 'SIGTERM'] as const) : all) {
      const handler = (): void => {
        if (!fromTerminal.has(signal)) this.#child?.kill(signal);
      };
      process.on(signal, handler);
      this.#handlers.push([signal, handler]);
    }
  }

  #stopForwarding(): void {
    for (const [signal, handler] of this.#handlers.splice(0)) process.off(signal, handler);
  }

  /** Goes on observing until every member has ended. */
  async allEnded(): Promise<void> {
    await this.#observer?.allEnded();
  }

  /** What is known now. */
  async report(): Promise<Report | undefined> {
    const report = await this.#observer?.report();
    const { failure } = this.#file;
    if (report && failure) report.problems.messages.push({ kind: 'record', message: `The record of this run is not complete: its directory could not be written (${failure}). The program was not affected.` });
    return report;
  }

  /** Ends the observation and says so in the record. */
  close(): void {
    const alive = this.#observer?.live ?? 0;
    this.#file.write({ e: 'end', t: Date.now(), reason: alive ? `observation ended with ${alive} members alive` : allEnded });
    const description = readDescription(this.spec.run);
    if (description) {
      try {
        writeDescription(this.spec.run, { ...description, observer: null });
      } catch {
        // The record is full or gone.
      }
    }
    this.#observer?.close();
    this.#kept?.close();
    this.#file.close();
  }
}

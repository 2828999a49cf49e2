import { hostname } from 'node:os';
import { join } from 'node:path';
import type * as vscode from 'vscode';
import type { Ending, ProcessRef } from '../core/events';
import { installProbes, observedEnvironment } from '../launch/environment';
import { setDebugger } from '../launch/runGuard';
import { commandLine, startDetached } from '../launch/launchSpecFile';
import { rootNamed } from '../observe/system/linux/descent';
import { bootClock } from '../observe/system/identity';
import { originOf } from '../observe/record/origin';
import { createRunDirectory, liveRunsFolder, newRunId, readDescription, writeDescription } from '../observe/record/runDirectory';
import type { Window } from '../views/commands/launchRun';
import type { WindowRun } from '../views/runStore';
import { consoleOf } from './console/console';
import { aboutKey, type DebugOptions } from './kinds';

/** A run whose root a debugger starts, not our launcher: the window tells of its root, and an observer of its own follows it. */
export class DebuggedRun {
  readonly id = newRunId(Date.now());
  readonly directory = join(liveRunsFolder(), this.id);
  #run: WindowRun | undefined;
  #root: ProcessRef | undefined;
  #ended = false;

  constructor(private readonly window: Window) {}

  /** The window's run, once {@link begin} was called. */
  get run(): WindowRun | undefined {
    return this.#run;
  }

  /**
   * The variables that bring the probes in; `base` is the environment that the program would have. `chosen`: the probe chooses what is
   * attached to; `relayed`: what members print is shown with their names.
   */
  variables(base: NodeJS.ProcessEnv, { chosen, relayed }: { chosen: boolean; relayed: boolean }): Record<string, string> {
    const probes = installProbes(join(this.window.dist, 'probes'));
    const observed = observedEnvironment(base, { run: this.directory, probes, ancestor: this.window.runs.self, keepOutput: true, debugged: true, chosen, relayed });
    return Object.fromEntries(['PROCESSION', 'PYTHONPATH', 'NODE_OPTIONS'].map((name) => [name, observed[name] ?? '']));
  }

  /** Makes the run directory and shows the run. */
  begin(options: DebugOptions, command: string[], cwd: string): WindowRun {
    createRunDirectory(this.directory);
    const configuration = Object.fromEntries(Object.entries(options).filter(([key]) => key !== aboutKey));
    writeDescription(this.directory, {
      schema: 'procession.run/1', id: this.id, command, cwd, startedAt: Date.now(), observer: null, origin: originOf(this.directory), workspace: this.window.workspace, configuration,
      ...(options.name === undefined ? {} : { name: options.name }), console: consoleOf(options) ?? 'integratedTerminal',
    });
    setDebugger(this.directory, this.window.runs.self);
    this.#run = this.window.runs.add(this.directory);
    this.#run.steering.file.write({ e: 'run', t: Date.now(), run: this.id, command, cwd, host: hostname(), platform: process.platform, ...bootClock() });
    return this.#run;
  }

  /** The debugger has told the root's pid: from here on the run is observed, and ended when this window's process is. */
  async observe(pid: number, cwd: string): Promise<void> {
    if (this.#root !== undefined || !this.#run) return;
    const root = rootNamed(pid, this.directory);
    if (root === undefined) return this.failed(`The debugger has started a process (pid ${pid}) that is not to be found here: it is debugged, but its processes can't be shown. If it runs in a container, open a window there.`);
    this.#root = root;
    const description = readDescription(this.directory);
    if (description) writeDescription(this.directory, { ...description, root });
    this.#run.steering.file.write({ e: 'root', t: Date.now(), child: this.#root });
    await startDetached(commandLine(join(this.window.dist, 'cli.js'), ['observe', this.directory]), cwd);
  }

  /** Whether a pid is that of the root. */
  isRoot(pid: number): boolean {
    return this.#root !== undefined && Number.parseInt(this.#root, 10) === pid;
  }

  /** How the root itself has said that it ends; undefined when it has not. */
  lastWords(): Ending | undefined {
    this.#run?.open.readAll();
    return this.#run?.open.lastWords;
  }

  /** The debugger has told how the root ended. */
  exited(ending: Ending): void {
    if (this.#root === undefined || this.#ended) return;
    this.#ended = true;
    this.#run?.steering.file.write({ e: 'rootExit', t: Date.now(), child: this.#root, ...ending });
  }

  /** The program was not started after all. */
  failed(message: string): void {
    if (this.#root !== undefined || !this.#run) return;
    this.#run.steering.file.write({ e: 'launchFailed', t: Date.now(), message });
    this.#run.steering.file.write({ e: 'end', t: Date.now(), reason: 'not started' });
  }
}

/** The variables that `env` has other than `base`; null where it lacks one. */
export function difference(base: NodeJS.ProcessEnv, env: NodeJS.ProcessEnv): Record<string, string | null> {
  const changed = Object.entries(env).filter(([name, value]) => base[name] !== value).map(([name, value]) => [name, value ?? null] as const);
  const removed = Object.keys(base).filter((name) => env[name] === undefined).map((name) => [name, null] as const);
  return Object.fromEntries([...changed, ...removed]);
}

/** The folder of the debugpy that the Python Debugger extension carries, if that extension is there. */
export function bundledDebugpy(extensions: typeof vscode.extensions): string | undefined {
  const found = extensions.getExtension('ms-python.debugpy');
  return found && join(found.extensionPath, 'bundled', 'libs');
}

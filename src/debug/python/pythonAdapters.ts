import * as vscode from 'vscode';
import { HumanError, messageOf } from '../../core/errors';
import { forMessage } from '../../core/escapes';
import { shellStatus, signalName } from '../../core/exits';
import type { Ending } from '../../core/events';
import type { Member } from '../../core/members';
import { resolveLaunch } from '../../launch/resolve';
import { findProgram, pythonFor, type Surroundings } from '../../launch/shell';
import type { Window } from '../../views/commands/launchRun';
import type { WindowRun } from '../../views/runStore';
import { surroundingsOf, userEnvironment } from '../../views/surroundings';
import { startAgain } from '../../views/restart';
import { askProbe } from '../../insight/probeRequest';
import { NamingConsole } from '../console/childConsole';
import type { ChildSessions } from '../children';
import { connectAdapter, startAdapter, type Connection } from '../connection';
import { bundledDebugpy, DebuggedRun, difference } from '../debuggedRun';
import { consoleOf } from '../console/console';
import { findDebugpy, type Debugpy } from './debugpy';
import { aboutKey, followsChildren, ownKeys, policyOf, type About, type DebugOptions } from '../kinds';
import type { Message } from '../protocol';
import { RelayAdapter } from './relayAdapter';
import type { DebugSessions } from '../sessions';

/** What the adapters need of the rest. */
export interface DebugServices {
  window: Window;
  sessions: DebugSessions;
  children: ChildSessions;
  log: vscode.LogOutputChannel;
  stop(run: WindowRun): Promise<Member[]>;
}

/** debugpy never steps into the probe, nor shows it. */
const probeRule = { path: '<procession*', include: false };

/** Without what is ours, and with the rule for the probe. */
function forDebugpy(options: Record<string, unknown>): Record<string, unknown> {
  const kept = Object.fromEntries(Object.entries(options).filter(([key]) => !(ownKeys as readonly string[]).includes(key)));
  return { ...kept, rules: [...(Array.isArray(options.rules) ? (options.rules as unknown[]) : []), probeRule] };
}

/** debugpy tells a signal as the low byte of its negative number; the process itself knows better where it could say its code. */
function endingOf(code: number, own: Ending | undefined): Ending {
  if (own?.code === code || code < 192) return { code, signal: null };
  return { code: null, signal: signalName(256 - code, process.platform) };
}

/** An adapter whose debugpy may tell of children. */
abstract class FollowingAdapter extends RelayAdapter {
  /** Offers a child that debugpy has met, and that waits until it is told whether it gets a session. False: the message is about something else. */
  protected offers(message: Message, session: vscode.DebugSession, children: ChildSessions, run: string): boolean {
    if (message.type !== 'request' || message.command !== 'startDebugging') return false;
    this.toAdapter({ seq: 0, type: 'response', request_seq: message.seq, command: 'startDebugging', success: true });
    children.offer(session, run, { ...(message.arguments?.configuration as vscode.DebugConfiguration), type: session.type, request: 'attach' });
    return true;
  }
}

/** A session of type `procession` that launches a Python program. */
export class PythonLaunch extends FollowingAdapter {
  readonly #debugged: DebuggedRun;
  readonly #options: DebugOptions;
  #debugpy: Debugpy | undefined;
  #env: Record<string, string | null> = {};
  #cwd = '';
  #console: NamingConsole | undefined;
  #stopping = false;
  #hasBegun = false;

  constructor(private readonly session: vscode.DebugSession, private readonly services: DebugServices) {
    super();
    this.#options = session.configuration;
    this.#debugged = new DebuggedRun(services.window);
  }

  protected async connect(): Promise<Connection> {
    const { code, ...options } = this.#options;
    const around = await surroundingsOf(this.session.workspaceFolder);
    const { env: base } = around;
    const { argv, cwd, env } = resolveLaunch(code === undefined ? options : { ...options, command: [pythonName(options, around), '-c', [code].flat().join('\n')] }, around);
    const [name = argv[0] ?? '', ...more] = Array.isArray(options.python) ? options.python : [];
    // The adapter is started outside of the environment that is activated for the program.
    const python = [findProgram(name, cwd, env) ?? name, ...more];
    this.#debugpy = await findDebugpy(python, env, bundledDebugpy(vscode.extensions));
    this.#cwd = cwd;
    const relayed = consoleOf(this.#options) === 'internalConsole' && this.#options.redirectOutput !== false;
    this.#env = { ...difference(base, env), ...this.#debugged.variables(env, { chosen: followsChildren(policyOf(this.#options)), relayed }) };
    this.#options.python = python;
    this.#options.cwd ??= cwd;
    if (this.isOver) throw new HumanError('It was stopped before it had begun.');
    const run = this.#debugged.begin(this.#options, argv, cwd);
    if (relayed) this.#console = new NamingConsole(run, (category, output) => this.event('output', { category, output }));
    this.services.sessions.bind(this.session, this.#debugged.id, undefined);
    return startAdapter(this.#debugpy.adapter, base, this.listener);
  }

  protected async fromEditor(request: Message): Promise<Message | undefined> {
    const { run } = this.#debugged;
    switch (request.command) {
      case 'launch': {
        const policy = policyOf(this.#options);
        this.services.children.begin(this.session, this.#debugged.id, policy);
        return { ...request, arguments: {
          ...forDebugpy(request.arguments ?? {}), console: consoleOf(this.#options), cwd: this.#options.cwd, python: this.#options.python,
          subProcess: followsChildren(policy), env: this.#env,
        } };
      }
      case 'terminate':
        this.reply(request);
        if (run && this.#hasBegun) void this.#stop(run);
        else {
          // Nobody is there yet who could be stopped. debugpy starts nobody once it is left, and ends who it has just started.
          this.cancelled();
          this.end();
        }
        return undefined;
      case 'restart':
        this.reply(request);
        if (run) this.#stop(run).then(() => startAgain(this.#options, this.session.workspaceFolder)).catch((error: unknown) => this.services.log.error(error as Error));
        return undefined;
      case 'disconnect':
        // The second press of Stop, or the end of the window.
        if (run && request.arguments?.terminateDebuggee !== false) await this.#stop(run);
        return request;
      default:
        return request;
    }
  }

  protected fromAdapter(message: Message): Message | undefined {
    if (message.command === 'initialize' && message.type === 'response') {
      return { ...message, body: { ...message.body, supportsTerminateRequest: true, supportTerminateDebuggee: true, supportsRestartRequest: true } };
    }
    if (this.offers(message, this.session, this.services.children, this.#debugged.id)) return undefined;
    if (message.command === 'launch' && message.type === 'response' && message.success === false) this.#debugged.failed(message.message ?? 'debugpy did not start it');
    if (message.event === 'process') this.#started(Number(message.body?.systemProcessId));
    const stream = message.event === 'output' ? message.body?.category : undefined;
    if (this.#console && (stream === 'stdout' || stream === 'stderr')) {
      this.#console.came(stream, String(message.body?.output));
      return undefined;
    }
    if (message.event === 'exited' || message.event === 'terminated') this.#console?.drain();
    return message.event === 'exited' ? { ...message, body: { exitCode: this.#exited(Number(message.body?.exitCode)) } } : message;
  }

  #started(pid: number): void {
    this.#hasBegun = true;
    this.services.sessions.bind(this.session, this.#debugged.id, pid);
    this.#debugged.observe(pid, this.#cwd).catch((error: unknown) => this.services.log.error(error as Error));
  }

  #exited(code: number): number {
    const ending = endingOf(code, this.#debugged.lastWords());
    this.#debugged.exited(ending);
    return shellStatus(ending, process.platform);
  }

  /** Processes that stand at a breakpoint can't end by themselves, so they go on first. */
  async #stop(run: WindowRun): Promise<void> {
    if (!this.#stopping) await this.services.children.release(this.#debugged.id);
    this.#stopping = true;
    await this.services.stop(run).catch((error: unknown) => void vscode.window.showErrorMessage(forMessage(messageOf(error))));
  }

  protected cancelled(): void {
    this.#debugged.failed('It was stopped before it had begun.');
  }

  override dispose(): void {
    this.#console?.dispose();
    super.dispose();
  }

  protected lost(reason: string): void {
    this.#console?.end();
    const { run } = this.#debugged;
    const text = `The debug adapter ended unexpectedly (${reason}). The program is being stopped.`;
    this.event('output', { category: 'stderr', output: `${text}\n` });
    void vscode.window.showErrorMessage(forMessage(text));
    this.#debugged.failed(text);
    if (run) this.services.stop(run).catch((error: unknown) => void vscode.window.showErrorMessage(forMessage(messageOf(error))));
  }
}

const pythonName = (options: DebugOptions, around: Surroundings): string => [options.python ?? []].flat()[0] ?? pythonFor(around.folders[0] ?? process.cwd(), around, around.env) ?? 'python3';

/** A session of a child that debugpy follows: its adapter listens, and knows the child by its pid. */
export class PythonChild extends RelayAdapter {
  constructor(private readonly session: vscode.DebugSession) {
    super();
  }

  protected connect(): Promise<Connection> {
    const { host, port } = this.session.configuration.connect as { host: string; port: number };
    return Promise.resolve(connectAdapter(host, port, this.listener));
  }

  protected fromEditor(request: Message): Message {
    return request.command === 'attach' ? { ...request, arguments: forDebugpy(request.arguments ?? {}) } : request;
  }

  /** Stop on a child's session lets the child go; the root's ends the run. */
  protected fromAdapter(message: Message): Message {
    return message.command === 'initialize' && message.type === 'response' ? { ...message, body: { ...message.body, supportsTerminateRequest: false } } : message;
  }

  protected lost(): void {
    // The run has ended, or its root's session says what happened.
  }

  protected cancelled(): void {
    // The child is let go with the connection.
  }
}

/** A session that attaches to a living member: an adapter of our own waits until the member's probe has connected to it. */
export class PythonAttach extends FollowingAdapter {
  #attaching: Message | undefined;
  #failed = false;
  readonly #about: About;

  constructor(private readonly session: vscode.DebugSession, private readonly services: DebugServices) {
    super();
    this.#about = session.configuration[aboutKey] as About;
  }

  #member(): { run: WindowRun; member: Member } {
    const { run: id, pid } = this.#about;
    const run = this.services.sessions.run(id);
    const member = run && this.services.sessions.member(id, pid ?? 0);
    if (!run || !member) throw new HumanError(`The process ${pid ?? ''} is not in the tree any more.`);
    return { run, member };
  }

  protected async connect(): Promise<Connection> {
    const { run, member } = this.#member();
    const env = userEnvironment();
    const found = await firstDebugpy(interpreters(run, member), env);
    this.#folder = found.folder ?? '';
    return startAdapter(found.adapter, env, this.listener);
  }

  #folder = '';

  /** Its own children are followed where those of the root are. */
  get #follows(): boolean {
    const policy = this.services.children.policy(this.#about.run);
    return policy !== undefined && followsChildren(policy);
  }

  protected fromEditor(request: Message): Message | undefined {
    if (request.command === 'attach') {
      this.#attaching = request;
      return { ...request, arguments: { ...forDebugpy(request.arguments ?? {}), subProcess: this.#follows, listen: { host: '127.0.0.1', port: 0 } } };
    }
    if (request.command === 'disconnect' && this.#failed) {
      this.reply(request);
      return undefined;
    }
    return request.command === 'disconnect' ? { ...request, arguments: { ...request.arguments, terminateDebuggee: false } } : request;
  }

  protected fromAdapter(message: Message): Message | undefined {
    if (message.event === 'debugpyWaitingForServer') {
      void this.#invite(String(message.body?.host), Number(message.body?.port));
      return undefined;
    }
    if (this.offers(message, this.session, this.services.children, this.#about.run)) return undefined;
    return message.command === 'initialize' && message.type === 'response' ? { ...message, body: { ...message.body, supportsTerminateRequest: false, supportTerminateDebuggee: false } } : message;
  }

  async #invite(host: string, port: number): Promise<void> {
    try {
      const { run, member } = this.#member();
      await askProbe(run.open.directory, member, ['attach', host, String(port), this.#folder, this.#follows ? 'follow' : ''], 15_000);
    } catch (error) {
      this.#failed = true;
      if (this.#attaching) this.refuse(this.#attaching, error);
      this.event('terminated');
    }
  }

  protected cancelled(): void {
    // The process knows nothing of it yet.
  }

  protected lost(reason: string): void {
    this.event('output', { category: 'stderr', output: `The debug adapter ended (${reason}). The process goes on without a debugger.\n` });
  }
}

/** Interpreters whose debugpy may serve a member, the likeliest first. The file that runs is not enough: a venv's is a link. */
function interpreters(run: WindowRun, member: Member): string[] {
  const { python } = (run.open.description().configuration ?? {}) as DebugOptions;
  const called = /python[\d.]*$/.test(member.argv[0] ?? '') ? member.argv[0] : undefined;
  return [...new Set([called, [python ?? []].flat()[0], member.exe ?? undefined, 'python3'].filter((one) => one !== undefined))];
}

async function firstDebugpy(candidates: readonly string[], env: NodeJS.ProcessEnv): Promise<Debugpy> {
  let reason: unknown;
  for (const python of candidates) {
    try {
      return await findDebugpy([python], env, bundledDebugpy(vscode.extensions));
    } catch (error) {
      reason ??= error;
    }
  }
  throw reason;
}

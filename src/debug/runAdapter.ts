import type * as vscode from 'vscode';
import { HumanError, messageOf } from '../core/errors';
import { shellStatus } from '../core/exits';
import type { Member } from '../core/members';
import type { LaunchOptions } from '../launch/options';
import type { LaunchWays } from '../views/commands/launchRun';
import type { WindowRun } from '../views/runStore';
import { Emitter } from './emitter';
import { followsChildren, policyOf, type ChildPolicy } from './kinds';
import { becomes, within } from '../launch/within';

/** ms: until a launcher has begun a program that is to be stopped, and until the editor has opened a terminal outside of it */
const patience = { begin: 10_000, terminal: 30_000 };
/** ms in which a launcher tells how the root has ended of which something else told first that it has */
const lastWord = 1_000;

/** What the adapter needs of the rest. */
export interface RunServices {
  launch(options: LaunchOptions, folder: vscode.WorkspaceFolder | undefined, ways: LaunchWays): Promise<WindowRun>;
  /** has the new members of a run get sessions of their own */
  follow(run: WindowRun, policy: ChildPolicy): void;
  /** ends the run; who stands at a breakpoint goes on first */
  stop(run: WindowRun): Promise<Member[]>;
  /** gives up a run whose launcher does not begin: its program is not started any more */
  giveUp(run: WindowRun): void;
  /** starts the session's configuration once more */
  again(session: vscode.DebugSession): Promise<void>;
  /** shows what went wrong after the editor had its answer */
  tell(error: unknown): void;
  onDidChange: vscode.Event<void>;
  /** ms until a launcher has begun; replaced in tests */
  begin?: number;
}

interface Request {
  seq: number;
  type: string;
  command?: string;
  request_seq?: number;
  success?: boolean;
  message?: string;
  arguments?: Record<string, unknown>;
}

/** Serves a session of type `procession` as far as running goes: the program is launched as a run, and the session lasts as long as its root. */
export class RunAdapter implements vscode.DebugAdapter {
  readonly #messages = new Emitter<vscode.DebugProtocolMessage>();
  readonly onDidSendMessage = this.#messages.event;
  readonly #waiting = new Map<number, (response: Request) => void>();
  #sequence = 1;
  #run: WindowRun | undefined;
  #subscription: vscode.Disposable | undefined;
  #lastLook: NodeJS.Timeout | undefined;
  #late = false;
  #ended = false;
  #stopped = false;
  #disposed = false;

  constructor(private readonly session: vscode.DebugSession, private readonly services: RunServices) {}

  handleMessage(message: vscode.DebugProtocolMessage): void {
    const request = message as unknown as Request;
    if (request.type === 'response') this.#waiting.get(request.request_seq ?? -1)?.(request);
    else if (request.type === 'request') void this.#answer(request);
  }

  #send(message: Record<string, unknown>): number {
    const seq = this.#sequence++;
    this.#messages.fire({ seq, ...message });
    return seq;
  }

  #event(event: string, body: Record<string, unknown> = {}): void {
    this.#send({ type: 'event', event, body });
  }

  #reply(request: Request, body: Record<string, unknown> = {}): void {
    this.#send({ type: 'response', request_seq: request.seq, command: request.command, success: true, body });
  }

  async #answer(request: Request): Promise<void> {
    try {
      await this.#handle(request);
    } catch (error) {
      this.#send({ type: 'response', request_seq: request.seq, command: request.command, success: false, message: messageOf(error), body: { error: { id: 1, format: messageOf(error).replaceAll(/[{}]/g, ''), showUser: true } } });
    }
  }

  async #handle(request: Request): Promise<void> {
    switch (request.command) {
      case 'initialize':
        this.#reply(request, { supportsConfigurationDoneRequest: true, supportsTerminateRequest: true, supportTerminateDebuggee: true, supportsRestartRequest: true });
        this.#event('initialized');
        return;
      case 'launch':
        await this.#launch(request.arguments ?? {});
        this.#reply(request);
        return;
      case 'setBreakpoints':
        this.#reply(request, { breakpoints: ((request.arguments?.breakpoints as unknown[] | undefined) ?? []).map(() => ({ verified: false, message: 'Attach to the process that is to stop here: "Attach Debugger" in the view Processes.' })) });
        return;
      case 'threads':
        this.#reply(request, { threads: [] });
        return;
      case 'terminate':
        this.#reply(request);
        this.#stop().catch((error: unknown) => this.services.tell(error));
        return;
      case 'restart':
        this.#reply(request);
        this.#stop().then(() => this.services.again(this.session)).catch((error: unknown) => this.services.tell(error));
        return;
      case 'disconnect':
        await this.#stop();
        this.#reply(request);
        return;
      default:
        this.#reply(request);
    }
  }

  async #launch(options: Record<string, unknown>): Promise<void> {
    const isDebugged = options.noDebug !== true && options.workload === undefined;
    const policy = policyOf(options);
    const follows = isDebugged && followsChildren(policy);
    if (isDebugged && !follows) {
      this.#event('output', { category: 'important', output: 'This command is neither Python nor Node itself, so it runs without a debugger. Breakpoints work in each Python or Node process that it starts once you choose "Attach Debugger" on its row in the view Processes, or in all of them with "debugChildren": "all".\n' });
    }
    this.#run = await this.services.launch(options, this.session.workspaceFolder, {
      external: (invocation, name, cwd) => this.#external(invocation, name, cwd),
      ...(follows ? { follow: (run: WindowRun) => this.services.follow(run, policy) } : {}),
    });
    if (this.#stopped) await this.#stop();
    if (this.#disposed) return;
    this.#subscription = this.services.onDidChange(() => this.#look());
    this.#look();
  }

  /** A terminal outside the editor is opened by the editor itself: it knows the person's choice of one. */
  async #external({ file, args, env }: { file: string; args: string[]; env: Record<string, string> }, title: string, cwd: string): Promise<void> {
    const seq = this.#send({ type: 'request', command: 'runInTerminal', arguments: { kind: 'external', title, cwd, args: [file, ...args, '--hold'], env } });
    const response = await within(patience.terminal, 'The terminal', new Promise<Request>((done) => this.#waiting.set(seq, done))).finally(() => this.#waiting.delete(seq));
    if (!response.success) throw new HumanError(`No external terminal could be opened (${response.message ?? 'no reason given'}). Use "console": "integratedTerminal".`);
  }

  /** The session ends with the root, whatever becomes of the other members: they stay in the tree. */
  #look(): void {
    const { run } = this.#run?.open.report() ?? {};
    if (!run || this.#ended || (run.exit === null && run.endedAt === null)) return;
    const { exit } = run;
    if (exit?.source === 'unknown' && !this.#late) {
      this.#lastLook ??= setTimeout(() => {
        this.#late = true;
        this.#look();
      }, lastWord);
      return;
    }
    this.#ended = true;
    this.#subscription?.dispose();
    clearTimeout(this.#lastLook);
    if (run.launchFailed !== undefined) this.#event('output', { category: 'stderr', output: `${run.launchFailed}\n` });
    if (exit?.source === 'unknown') this.#event('output', { category: 'important', output: 'The program has ended. How is not known: its launcher was gone.\n' });
    else this.#event('exited', { exitCode: exit ? shellStatus({ code: exit.signal === null ? exit.code : null, signal: exit.signal }, process.platform) : 127 });
    this.#event('terminated');
  }

  /** What is being launched in this moment is stopped as soon as it is there, or given up when nothing comes of it. */
  async #stop(): Promise<void> {
    this.#stopped = true;
    const run = this.#run;
    if (!run || this.#ended) return;
    // A record without a member has nobody to stop yet.
    const hasBegun = (): boolean => {
      const { members, run: { endedAt } } = run.open.report();
      return members.length > 0 || endedAt !== null;
    };
    if (await becomes(hasBegun, this.services.onDidChange, this.services.begin ?? patience.begin)) await this.services.stop(run);
    else this.services.giveUp(run);
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#lastLook);
    this.#subscription?.dispose();
    this.#messages.dispose();
  }
}

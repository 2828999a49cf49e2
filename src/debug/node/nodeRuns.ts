import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import * as vscode from 'vscode';
import { messageOf } from '../../core/errors';
import { forMessage } from '../../core/escapes';
import { signalName } from '../../core/exits';
import { resolveLaunch } from '../../launch/resolve';
import { surroundingsOf, windowEnvironment } from '../../views/surroundings';
import { startAgain } from '../../views/restart';
import { AddingConsole } from '../console/childConsole';
import { shown } from '../configurations';
import { consoleOf } from '../console/console';
import { DebuggedRun, difference } from '../debuggedRun';
import { refuses } from '../filter';
import { aboutKey, aboutOf, followsChildren, ownKeys, policyOf, type About, type DebugOptions } from '../kinds';
import { OutputSession } from '../console/outputSession';
import { freePlace, placesTaken, writePolicy } from '../sessionSlots';
import type { Message } from '../protocol';
import type { DebugServices } from '../python/pythonAdapters';

interface Prepared {
  debugged: DebuggedRun;
  options: DebugOptions;
  command: string[];
  cwd: string;
  /** pids of those that js-debug has attached to by itself, which it goes on showing */
  shown: Set<number>;
  at: number;
}

/** ms after which a launch that was prepared and not begun never will be */
const abandoned = 3_600_000;

interface Root {
  debugged: DebuggedRun;
  cwd: string;
  session: vscode.DebugSession;
  /** what is added to its Debug Console */
  console?: { end(): void };
}

/** With `outputCapture: std` js-debug shows all that comes through the pipes of the root. */
const isRelayed = (options: DebugOptions): boolean => consoleOf(options) === 'internalConsole' && options.outputCapture !== 'std';

/**
 * Programs of Node, which js-debug launches: an adapter of a type that is not ours can only be listened to, so the run is
 * arranged in the configuration, and followed by what the sessions say.
 */
export class NodeRuns implements vscode.Disposable {
  readonly #prepared = new Map<string, Prepared>();
  readonly #roots = new Map<string, Root>();
  /** members whose lack of a session was explained */
  readonly #explained = new Set<string>();
  readonly #subscriptions: vscode.Disposable;

  constructor(private readonly services: DebugServices) {
    this.#subscriptions = vscode.Disposable.from(
      vscode.debug.registerDebugConfigurationProvider('pwa-node', {
        resolveDebugConfigurationWithSubstitutedVariables: (folder, configuration) => shown(() => this.#prepare(folder, configuration)),
      }),
      vscode.debug.registerDebugAdapterTrackerFactory('pwa-node', { createDebugAdapterTracker: (session) => this.#track(session) }),
      services.window.runs.onDidChange(() => this.#explain()),
      vscode.debug.onDidTerminateDebugSession((session) => this.#ended(session)),
      vscode.window.onDidEndTerminalShellExecution(({ execution, exitCode }) => this.#leftShell(execution.commandLine.value, exitCode)),
      new vscode.Disposable(() => unsubscribe('child_process', this.#born)),
    );
  }

  /** A configuration of ours as js-debug's. Its variables are the editor's to put in: what they name is looked at in {@link #prepare}. */
  resolve(options: DebugOptions & vscode.DebugConfiguration): vscode.DebugConfiguration {
    const kept = Object.fromEntries(Object.entries(options).filter(([key]) => !(ownKeys as readonly string[]).includes(key)));
    const about: About = { run: '', launch: { ...options } };
    return {
      // Stop ends the run in stages and looks who is left: js-debug would kill the root at once.
      killBehavior: 'none',
      ...kept,
      name: options.name, request: 'launch', type: 'pwa-node',
      console: consoleOf(options),
      autoAttachChildProcesses: followsChildren(policyOf(options)),
      [aboutKey]: about,
    };
  }

  /** Completes a configuration that {@link resolve} has begun; others of js-debug's pass as they are. */
  async #prepare(folder: vscode.WorkspaceFolder | undefined, configuration: vscode.DebugConfiguration): Promise<vscode.DebugConfiguration> {
    const options = (configuration[aboutKey] as About | undefined)?.launch;
    if (!options) return configuration;
    // js-debug has put the PATH of a "runtimeVersion" into the environment by now.
    const own = configuration.env as DebugOptions['env'];
    const launch = resolveLaunch({ ...options, ...(own ? { env: own } : {}) }, await surroundingsOf(folder));
    const debugged = new DebuggedRun(this.services.window);
    this.#prepared.set(debugged.id, { debugged, options, command: launch.argv, cwd: launch.cwd, shown: new Set(), at: Date.now() });
    const about: About = { run: debugged.id, directory: debugged.directory };
    return {
      ...configuration, envFile: undefined, ...(options.runtimeExecutable ? { runtimeExecutable: launch.argv[0] } : {}),
      env: { ...difference(windowEnvironment(), launch.env), ...own, ...debugged.variables(launch.env, { chosen: followsChildren(policyOf(options)), relayed: isRelayed(options) }) }, [aboutKey]: about,
    };
  }

  #track(session: vscode.DebugSession): vscode.DebugAdapterTracker | undefined {
    const about = aboutOf(session);
    const prepared = about && this.#prepared.get(about.run);
    if (!prepared || isOfMember(session)) return undefined;
    const { debugged, cwd } = prepared;
    if (session.configuration[aboutKey] === undefined) {
      const pid = pidOf(session);
      if (pid !== undefined) prepared.shown.add(pid);
      if (pid !== undefined && isRoot(session)) debugged.observe(pid, cwd).catch((error: unknown) => this.services.log.error(error as Error));
      return { onWillReceiveMessage: (message: Message) => this.#asked(session, about.run, message) };
    }
    return {
      onWillStartSession: () => {
        if (this.#roots.size === 0) subscribe('child_process', this.#born);
        debugged.begin(prepared.options, prepared.command, cwd);
        if (followsChildren(policyOf(prepared.options))) writePolicy(debugged.directory, policyOf(prepared.options));
        this.#roots.set(session.id, { debugged, cwd, session, ...this.#consoleOf(session, prepared) });
        this.services.children.begin(session, debugged.id, policyOf(prepared.options));
      },
      onWillReceiveMessage: (message: Message) => this.#asked(session, about.run, message),
      onDidSendMessage: (message: Message) => {
        if (message.command === 'launch' && message.type === 'response' && message.success === false) debugged.failed(message.message ?? 'js-debug did not start it');
        if (message.event === 'terminated') this.#roots.get(session.id)?.console?.end();
      },
    };
  }

  /** js-debug shows what those print that it is attached to; of the others what goes the same way is added. */
  #consoleOf(session: vscode.DebugSession, { debugged, options, shown }: Prepared): Pick<Root, 'console'> {
    if (!isRelayed(options) || !debugged.run) return {};
    const output = new OutputSession(session, debugged.id, this.services.log);
    const adding = new AddingConsole(debugged.run, (stream, text) => output.show(stream, text), (member) => shown.has(Number.parseInt(member, 10)));
    return { console: { end: () => {
      adding.end();
      output.end();
    } } };
  }

  /** js-debug lives in this very process, the extension host, so that a root without a terminal is a child of ours. */
  readonly #born = (message: unknown): void => {
    const { process: child } = message as { process: ChildProcess };
    child.once('exit', (code, signal) => {
      for (const { debugged } of this.#prepared.values()) if (debugged.isRoot(child.pid ?? 0)) debugged.exited({ code, signal });
    });
  };

  /** A root in a terminal is a child of the shell there, which says 128 + n for signal n; a root that exits with such a code says so itself. */
  #leftShell(command: string, status: number | undefined): void {
    const found = [...this.#prepared.values()].find(({ debugged }) => command.includes(debugged.directory));
    if (!found || status === undefined) return;
    const signal = status > 128 && status < 192 && process.platform !== 'win32' && found.debugged.lastWords()?.code !== status ? signalName(status - 128, process.platform) : null;
    found.debugged.exited({ code: signal === null ? status : null, signal });
  }

  /** The tree says why a child has no session, once it has had the time to get one. */
  #explain(): void {
    const now = Date.now();
    this.#letGo();
    for (const { debugged, options } of this.#prepared.values()) {
      const { id, run } = debugged;
      const policy = policyOf(options);
      if (!run || !followsChildren(policy) || run.open.observationEnded) continue;
      const { members } = run.open.report();
      for (const member of members) {
        if (member.state !== 'running' || member.runtime !== 'node' || member.role === 'root' || member.role === 'helper' || now - member.startedAt < settling) continue;
        if (this.#explained.has(`${id}/${member.id}`) || this.services.sessions.find(id, member)) continue;
        this.#explained.add(`${id}/${member.id}`);
        this.services.sessions.leaveOut(id, member, refuses(policy, member, members, placesTaken(debugged.directory)) ?? 'js-debug did not attach to it');
      }
    }
  }

  /** What is known to have ended needs no listening to, nor does what was removed. */
  #letGo(): void {
    for (const [id, { debugged: { run }, at }] of this.#prepared) {
      // A task before the launch may have failed, or a question have been given up.
      if (!run && Date.now() - at > abandoned) this.#prepared.delete(id);
      if (!run) continue;
      const { endedAt, exit } = run.open.report().run;
      const over = endedAt !== null && exit?.source === 'launcher' && ![...this.#roots.values()].some(({ debugged }) => debugged.id === id);
      if (!over && this.services.sessions.run(id)) continue;
      this.#prepared.delete(id);
      for (const key of this.#explained) if (key.startsWith(`${id}/`)) this.#explained.delete(key);
    }
  }

  /** The person has pressed Stop: js-debug is told to leave the processes alone, they are ended by us. */
  #asked(session: vscode.DebugSession, run: string, message: Message): void {
    if (message.type !== 'request') return;
    const restart = message.command === 'restart';
    // js-debug would start the program once more in the run that has ended. A tracker is given the very message that js-debug gets.
    if (restart) message.command = 'terminate';
    const wanted = message.command === 'terminate' || (message.command === 'disconnect' && message.arguments?.terminateDebuggee !== false);
    const options = this.#prepared.get(run)?.options;
    const again = restart && options ? (): Promise<void> => this.#again(session, options) : undefined;
    if (wanted) this.#stop(run).then(again).catch((error: unknown) => void vscode.window.showErrorMessage(forMessage(messageOf(error))));
  }

  /** js-debug ends a session whose program has ended only for who has asked the editor to. */
  async #again(session: vscode.DebugSession, options: DebugOptions): Promise<void> {
    await vscode.debug.stopDebugging(session);
    await startAgain(options, session.workspaceFolder);
  }

  async #stop(id: string): Promise<void> {
    const run = this.services.sessions.run(id);
    if (run && run.open.report().run.endedAt === null) await this.services.stop(run);
  }

  #ended(session: vscode.DebugSession): void {
    this.#free(session);
    const root = this.#roots.get(session.id);
    if (!root) return;
    this.#roots.delete(session.id);
    root.console?.end();
    if (this.#roots.size === 0) unsubscribe('child_process', this.#born);
    root.debugged.failed('It ended before it had begun.');
  }

  /** The place of a session that has ended may be taken by another child. */
  #free(session: vscode.DebugSession): void {
    const about = aboutOf(session);
    const prepared = about && this.#prepared.get(about.run);
    if (prepared && !isOfMember(session) && pidOf(session) !== undefined && !isRoot(session)) freePlace(prepared.debugged.directory);
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }
}

/** ms after its start in which a child gets its session, or none */
const settling = 2_000;

/** The process of a session, whose pid js-debug tells in the name: `child.js [123]`. Threads of workers have none. */
function pidOf(session: vscode.DebugSession): number | undefined {
  return session.type === 'pwa-node' && session.configuration[aboutKey] === undefined ? Number(/^(?!\[worker).*\[(\d+)\]/.exec(session.name)?.[1] ?? 0) || undefined : undefined;
}

/** Whether js-debug was attached to one member: what is done to that session is not meant for the run. */
function isOfMember(session: vscode.DebugSession): boolean {
  for (let at: vscode.DebugSession | undefined = session; at; at = at.parentSession) if (at.configuration[aboutKey] !== undefined) return at.configuration.request === 'attach';
  return false;
}

/** The first target is the root: js-debug tells in its name what it belongs to. */
const isRoot = (session: vscode.DebugSession): boolean => session.parentSession?.configuration[aboutKey] !== undefined && session.parentSession.parentSession === undefined;

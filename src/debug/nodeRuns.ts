import * as vscode from 'vscode';
import { messageOf } from '../core/errors';
import { resolveLaunch } from '../launch/resolve';
import { userEnvironment } from '../views/launchRun';
import { DebuggedRun } from './debuggedRun';
import { aboutKey, ownKeys, policyOf, type About, type DebugOptions } from './kinds';
import type { Message } from './protocol';
import type { DebugServices } from './pythonAdapters';
import { DebugSessions } from './sessions';

/**
 * Programs of Node, which js-debug launches: an adapter of a type that is not ours can only be listened to, so the run is
 * arranged in the configuration, and followed by what the sessions say.
 */
export class NodeRuns implements vscode.Disposable {
  readonly #prepared = new Map<string, { debugged: DebuggedRun; options: DebugOptions; command: string[]; cwd: string }>();
  readonly #roots = new Map<string, { debugged: DebuggedRun; cwd: string; session: vscode.DebugSession }>();
  readonly #subscriptions: vscode.Disposable;

  constructor(private readonly services: DebugServices) {
    this.#subscriptions = vscode.Disposable.from(
      vscode.debug.registerDebugAdapterTrackerFactory('pwa-node', { createDebugAdapterTracker: (session) => this.#track(session) }),
      vscode.debug.onDidTerminateDebugSession((session) => this.#ended(session)),
    );
  }

  /** A configuration of ours as js-debug's. */
  resolve(folder: vscode.WorkspaceFolder | undefined, options: DebugOptions & vscode.DebugConfiguration): vscode.DebugConfiguration {
    const debugged = new DebuggedRun(this.services.window);
    const folders = (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath);
    const known = (text: string | undefined): string | undefined => text?.replaceAll('${workspaceFolder}', folder?.uri.fsPath ?? folders[0] ?? '').replaceAll('${file}', vscode.window.activeTextEditor?.document.uri.fsPath ?? '');
    const program = known(options.program);
    const cwd = known(options.cwd);
    const base = userEnvironment();
    const launch = resolveLaunch({ ...options, ...(program === undefined ? {} : { program }), ...(cwd === undefined ? {} : { cwd }) }, { folders: folder ? [folder.uri.fsPath, ...folders] : folders, env: base });
    const policy = policyOf(options);
    const kept = Object.fromEntries(Object.entries(options).filter(([key]) => !(ownKeys as readonly string[]).includes(key)));
    this.#prepared.set(debugged.id, { debugged, options: { ...options }, command: launch.argv, cwd: launch.cwd });
    const about: About = { run: debugged.id, directory: debugged.directory };
    return {
      // Stop ends the run in stages and looks who is left: js-debug would kill the root at once.
      killBehavior: 'none',
      ...kept,
      name: options.name, request: 'launch', type: 'pwa-node',
      console: options.console ?? vscode.workspace.getConfiguration('procession').get<string>('console'),
      autoAttachChildProcesses: policy.children === 'all' || policy.children === 'match',
      env: { ...options.env, ...debugged.variables(launch.env) },
      [aboutKey]: about,
    };
  }

  #track(session: vscode.DebugSession): vscode.DebugAdapterTracker | undefined {
    const about = DebugSessions.about(session);
    const prepared = about && this.#prepared.get(about.run);
    if (!prepared) return undefined;
    const { debugged, cwd } = prepared;
    if (session.configuration[aboutKey] === undefined) {
      // The first target is the root; its pid is in its name.
      const pid = Number(/\[(\d+)\]/.exec(session.name)?.[1] ?? 0);
      if (pid > 0 && /« /.test(session.name)) debugged.observe(pid, cwd).catch((error: unknown) => this.services.log.error(error as Error));
      return { onWillReceiveMessage: (message: Message) => this.#asked(about.run, message) };
    }
    return {
      onWillStartSession: () => {
        debugged.begin(prepared.options, prepared.command, cwd);
        this.#roots.set(session.id, { debugged, cwd, session });
        this.services.children.begin(session, debugged.id, policyOf(prepared.options));
      },
      onWillReceiveMessage: (message: Message) => this.#asked(about.run, message),
      onDidSendMessage: (message: Message) => {
        if (message.command === 'launch' && message.type === 'response' && message.success === false) debugged.failed(message.message ?? 'js-debug did not start it');
      },
    };
  }

  /** The person has pressed Stop: js-debug is told to leave the processes alone, they are ended by us. */
  #asked(run: string, message: Message): void {
    const wanted = message.command === 'terminate' || (message.command === 'disconnect' && message.arguments?.terminateDebuggee !== false);
    if (message.type === 'request' && wanted) this.#stop(run);
  }

  #stop(id: string): void {
    const run = this.services.sessions.run(id);
    if (run && run.open.report().run.endedAt === null) this.services.stop(run).catch((error: unknown) => void vscode.window.showErrorMessage(messageOf(error)));
  }

  #ended(session: vscode.DebugSession): void {
    const root = this.#roots.get(session.id);
    if (!root) return;
    this.#roots.delete(session.id);
    root.debugged.failed('It ended before it had begun.');
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }
}

import * as vscode from 'vscode';
import { HumanError, messageOf } from '../core/errors';
import { forMessage } from '../core/escapes';
import type { Member } from '../core/members';
import { runtimeOfFile } from '../launch/resolve';
import { withAll } from '../views/commands/commandErrors';
import { chosenRows, pickRows, type Given } from '../views/tree/treeSelection';
import { runOf } from '../views/tree/rows';
import { mustTrust } from '../views/trust';
import type { Window } from '../views/commands/launchRun';
import type { Element } from '../views/tree/elements';
import type { ProcessTree } from '../views/tree/processTree';
import type { WindowRun } from '../views/runStore';
import { Attacher } from './attach';
import { startAgain } from '../views/restart';
import { ChildSessions } from './children';
import { Configurations, debugType } from './configurations';
import { Group } from './group';
import { aboutKey, fromCommand, runtimeOf, type About, type DebugOptions } from './kinds';
import { Newcomers } from './childAttachQueue';
import { NodeRuns } from './node/nodeRuns';
import { outputAdapter } from './console/outputSession';
import { reveal } from './reveal';
import { PythonAttach, PythonChild, PythonLaunch, type DebugServices } from './python/pythonAdapters';
import { ScopeLenses } from './breakpoints/scopeLenses';
import { ScopedBreakpoints } from './breakpoints/scopedBreakpoints';
import { scopeOf } from './breakpoints/scopes';
import { RunAdapter, type RunServices } from './runAdapter';
import { DebugSessions, type Attached } from './sessions';
import { StacksView } from './stacks/stacksView';

export interface DebuggingContext {
  window: Window;
  tree: ProcessTree;
  view: vscode.TreeView<Element>;
  log: vscode.LogOutputChannel;
  launch: RunServices['launch'];
  stop(run: WindowRun): Promise<Member[]>;
  /** gives up a run whose launcher does not begin */
  giveUp(run: WindowRun): void;
}

interface Target {
  run: WindowRun;
  member: Member;
}

/** Registers the debug type, the commands of debugging, and what the tree shows of it. */
export function registerDebugging(context: DebuggingContext): vscode.Disposable {
  const { window, tree, log } = context;
  const sessions = new DebugSessions(window.runs);
  const children = new ChildSessions(sessions, vscode.debug.startDebugging, log);
  const services: DebugServices = { window, sessions, children, log, stop: (run) => context.stop(run) };
  const node = new NodeRuns(services);
  const attacher = new Attacher({ sessions, children, start: vscode.debug.startDebugging, reveal, requireTrust: () => mustTrust('debug') });
  const newcomers = new Newcomers({ sessions, children, attacher, log, self: window.runs.self });
  const group = new Group(sessions, {
    onStop: () => vscode.workspace.getConfiguration('procession').get<'one' | 'run'>('debug.onStop', 'one'),
    ask: (message, ...answers) => vscode.window.showInformationMessage(message, ...answers),
    focused: () => sessions.get(vscode.debug.activeDebugSession),
    reveal: (one) => reveal(one.session, one.stop?.thread),
  });
  const stacks = new StacksView();
  tree.debugState = (run, member) => sessions.describe(run, member);

  const resolve = (configuration: vscode.DebugConfiguration): vscode.DebugConfiguration | undefined => {
    const options = configuration as DebugOptions & vscode.DebugConfiguration;
    if (options.request === 'attach' && options[aboutKey] === undefined) throw new HumanError('A configuration of type "procession" launches. To attach, choose "Attach Debugger" on the process in the view Processes; for a process that Procession has not launched, use the type "debugpy" or "node".');
    if (options.request !== 'launch' || options.noDebug || options[aboutKey] !== undefined) return configuration;
    mustTrust('debug');
    const runtime = runtimeOf(options, vscode.window.activeTextEditor?.document.uri.fsPath);
    const debugged = runtime && fromCommand(options, runtime);
    if (runtime === 'node' && debugged) return node.resolve(debugged as typeof options);
    return runtime === 'python' && debugged ? { ...debugged, type: debugType, name: options.name, request: 'launch', debugAs: 'python' } : configuration;
  };

  const scoped = new ScopedBreakpoints();
  const commands = new DebugCommands(context, sessions, attacher, group, stacks, scoped);
  return vscode.Disposable.from(
    window.runs.onDidChange(() => {
      for (const one of [children, sessions, group]) one.keep((run) => window.runs.get(run) !== undefined);
      sessions.rename();
      attacher.follow();
      newcomers.leaveEnded();
      clearScopes(scoped, window.runs);
    }),
    children.onDidBegin(({ run, policy }) => {
      scoped.rearm();
      newcomers.begin(run, policy);
    }),
    newRuns(window.runs, () => scoped.rearm()),
    vscode.debug.registerDebugAdapterTrackerFactory('*', { createDebugAdapterTracker: (session) => sessions.track(session) }),
    vscode.debug.onDidTerminateDebugSession((session) => {
      for (const one of [sessions, attacher, newcomers]) one.ended(session);
    }),
    newcomers, attacher, children, node, group, sessions, stacks, commands.register(),
    sessions.onDidChange(() => {
      tree.update();
      void vscode.commands.executeCommand('setContext', 'procession.debugging', sessions.of().length > 0);
    }),
    ...(['initial', 'dynamic'] as const).map((trigger) => {
      const kind = trigger === 'initial' ? vscode.DebugConfigurationProviderTriggerKind.Initial : vscode.DebugConfigurationProviderTriggerKind.Dynamic;
      return vscode.debug.registerDebugConfigurationProvider(debugType, new Configurations(trigger, log, resolve), kind);
    }),
    vscode.debug.registerDebugAdapterDescriptorFactory(debugType, {
      createDebugAdapterDescriptor: (session) => new vscode.DebugAdapterInlineImplementation(adapterOf(session, services, context)),
    }),
  );
}

/** Takes the scope off breakpoints for processes whose runs are over. */
function clearScopes(scoped: ScopedBreakpoints, runs: Window['runs']): void {
  if (!scoped.hasPid) return;
  const live = runs.all().filter(({ open }) => open.report().run.endedAt === null);
  // A run that the window has just found is not read yet.
  for (const { open } of live) open.readAll();
  const pids = new Set(live.flatMap(({ open }) => open.report().members.map(({ pid }) => pid)));
  scoped.clear((pid) => pids.has(pid));
}

/** Tells of runs that were not there before. */
function newRuns(runs: Window['runs'], tell: () => void): vscode.Disposable {
  let known = new Set<string>();
  return runs.onDidChange(() => {
    const now = runs.all().map(({ open }) => open.id);
    if (now.some((id) => !known.has(id))) tell();
    known = new Set(now);
  });
}

function adapterOf(session: vscode.DebugSession, services: DebugServices, context: DebuggingContext): vscode.DebugAdapter {
  const { configuration } = session;
  const about = configuration[aboutKey] as About | undefined;
  const output = outputAdapter(session);
  if (output) return output;
  if (configuration.request === 'attach' && about) return configuration.connect ? new PythonChild(session) : new PythonAttach(session, services);
  if (configuration.debugAs === 'python' && !configuration.noDebug) return new PythonLaunch(session, services);
  return new RunAdapter(session, {
    launch: (options, folder, ways) => context.launch(options, folder, ways),
    follow: (run, policy) => services.children.begin(session, run.open.id, policy, false),
    stop: async (run) => {
      await services.children.release(run.open.id);
      return context.stop(run);
    },
    giveUp: (run) => context.giveUp(run),
    again: ({ configuration, workspaceFolder }) => startAgain(configuration, workspaceFolder),
    tell: (error) => void vscode.window.showErrorMessage(messageOf(error)),
    onDidChange: context.window.runs.onDidChange,
  });
}

/** The row of our own tree from which a command came. */
function rowOf([first]: readonly unknown[]): Element['row'] | undefined {
  return typeof first === 'object' && first !== null && 'row' in first ? (first as Element).row : undefined;
}

/** The commands of debugging. */
class DebugCommands {
  constructor(
    private readonly context: DebuggingContext, private readonly sessions: DebugSessions, private readonly attacher: Attacher, private readonly group: Group,
    private readonly stacks: StacksView, private readonly scoped: ScopedBreakpoints,
  ) {
    this.#lenses = new ScopeLenses(scoped);
  }

  readonly #lenses: ScopeLenses;

  register(): vscode.Disposable {
    const handlers: Record<string, (...given: Given) => unknown> = {
      debugFile: (uri?: unknown) => this.#debugFile(uri),
      attachDebugger: (...given) => this.#each(given, ({ run, member }) => this.attacher.attach(run, member)),
      attachToNewLikeThis: (...given) => this.#each(given, ({ run, member }) => this.#follow(run, member)),
      detachDebugger: (...given) => this.#each(given, ({ run, member }) => this.attacher.detach(run, member)),
      showDebugged: (...given) => this.#each(given, ({ run, member }) => this.attacher.attach(run, member)),
      pauseAll: (...given) => this.group.pause(this.#run(given)),
      continueAll: (...given) => this.group.continue(this.#run(given)),
      continueAllButThis: (...given) => {
        const here = this.#this(given);
        if (!here) throw new HumanError('Select the process that is to stay where it is: its row in the view Processes, or its session in the Call Stack.');
        return this.group.continue(here.run, here);
      },
      stopAll: (...given) => this.#stopAll(given),
      showStacks: (...given) => this.stacks.show(this.#live(given)),
      refreshStacks: () => this.stacks.show(),
      breakInThis: (at) => this.#scope(at, async () => {
        const here = this.sessions.get(vscode.debug.activeDebugSession);
        if (here?.pid === undefined) {
          const [picked] = await this.#pick();
          return picked && scopeOf(picked.member, picked.run.open.report().members);
        }
        const member = this.sessions.member(here.run, here.pid);
        return member ? scopeOf(member, this.sessions.run(here.run)?.open.report().members ?? []) : { kind: 'pid', pid: here.pid };
      }),
      breakInNamed: (at) => this.#scope(at, async () => {
        const glob = await vscode.window.showInputBox({ title: 'Break in Members Named…', prompt: 'Name of the processes; * and ? stand for any text and any character', value: 'worker-*' });
        return glob ? { kind: 'names', glob } : undefined;
      }),
      breakFirst: (at) => this.#scope(at, () => Promise.resolve({ kind: 'first' } as const)),
      breakEverywhere: (at) => this.#scope(at, undefined),
    };
    return vscode.Disposable.from(this.#lenses, this.scoped, ...Object.entries(handlers).map(([name, handler]) => vscode.commands.registerCommand(`procession.${name}`, async (...args: unknown[]) => {
      try {
        return await handler(...(args as unknown as Given));
      } catch (error) {
        if (!(error instanceof HumanError)) this.context.log.error(error as Error);
        void vscode.window.showErrorMessage(forMessage(messageOf(error)));
        return undefined;
      }
    })));
  }

  async #debugFile(given: unknown): Promise<void> {
    const uri = given instanceof vscode.Uri ? given : vscode.window.activeTextEditor?.document.uri;
    if (!uri || uri.scheme !== 'file' || !runtimeOfFile(uri.fsPath)) throw new HumanError('Open a Python or Node file first, or choose one in the explorer.');
    await vscode.debug.startDebugging(vscode.workspace.getWorkspaceFolder(uri), { type: debugType, request: 'launch', name: `Debug ${vscode.workspace.asRelativePath(uri)}`, program: uri.fsPath });
  }

  async #each(given: Given, act: (target: Target) => Promise<void> | void): Promise<void> {
    const rows = chosenRows(given, this.context.view.selection);
    const targets = rows === 'lost' ? [] : rows.flatMap(({ row }) => {
      const run = row.kind === 'member' ? this.context.window.runs.get(row.run) : undefined;
      return run && row.kind === 'member' ? [{ run, member: row.member }] : [];
    });
    if (given[0] && !targets.length) throw new HumanError('That row is of a run that was removed, or no process.');
    const problems: string[] = [];
    for (const target of targets.length ? targets : await this.#pick(rows === 'lost')) {
      try {
        await act(target);
      } catch (error) {
        if (!(error instanceof HumanError)) throw error;
        problems.push(error.message);
      }
    }
    if (problems.length) throw new HumanError(problems.join('\n'));
  }

  async #pick(lost = false): Promise<Target[]> {
    const items = this.context.window.runs.all().flatMap((run) => run.open.report().members
      .filter((member) => member.state !== 'exited' && member.role !== 'helper')
      .map((member) => ({ label: member.name, description: `pid ${member.pid}`, target: { run, member } })));
    if (!items.length) throw new HumanError('No process of a run is alive. Run a program first ("Procession: Run File").');
    return (await pickRows(items, lost)).map(({ target }) => target);
  }

  #follow(run: WindowRun, member: Member): void {
    const on = this.attacher.followLike(run, member);
    void vscode.window.showInformationMessage(on ? `New processes like ${forMessage(member.name)} get a debugger as soon as they are seen. Choose the command again to end this.` : `New processes like ${forMessage(member.name)} get no debugger any more.`);
  }

  /** The session that a command means: that of the row, that of the entry of the Call Stack, else the active one. */
  #this(given: readonly unknown[]): Attached | undefined {
    const row = rowOf(given);
    if (row) return row.kind === 'member' ? this.sessions.find(row.run, row.member) : undefined;
    // The Call Stack passes a text or a number that is of no use here, and then what the entry belongs to.
    const { sessionId } = Object.assign({}, ...given.filter((one) => typeof one === 'object')) as { sessionId?: unknown };
    return this.sessions.of().find(({ session }) => session.id === sessionId) ?? this.sessions.get(vscode.debug.activeDebugSession);
  }

  /** The run that a command means: that of the row, else that of the session, else all. */
  #run(given: readonly unknown[]): string | undefined {
    const row = rowOf(given);
    if (row) return runOf(row);
    return this.#this(given)?.run;
  }

  /** The run whose stacks are meant: that of the row, else the last that lives. */
  #live(given: readonly unknown[]): WindowRun | undefined {
    const id = this.#run(given);
    const runs = this.context.window.runs.all();
    return id === undefined ? runs.filter((run) => run.open.report().run.endedAt === null).at(-1) : runs.find((run) => run.open.id === id);
  }

  /** Scopes the breakpoint of a line: that of the gutter's menu, else of the cursor. */
  async #scope(given: unknown, ask: (() => Promise<Parameters<ScopedBreakpoints['set']>[2]>) | undefined): Promise<void> {
    const { uri, lineNumber } = (given ?? {}) as { uri?: vscode.Uri; lineNumber?: number };
    const editor = vscode.window.activeTextEditor;
    const file = uri ?? editor?.document.uri;
    const line = lineNumber === undefined ? editor?.selection.active.line : lineNumber - 1;
    if (!file || line === undefined) throw new HumanError('Open a file and choose a line first.');
    const scope = await ask?.();
    if (scope || !ask) this.scoped.set(file, line, scope);
  }

  async #stopAll(given: readonly unknown[]): Promise<void> {
    const id = this.#run(given);
    const runs = id === undefined ? this.context.window.runs.all().filter((run) => run.open.report().run.endedAt === null) : [this.context.window.runs.get(id)];
    await withAll(runs.filter((run) => run !== undefined), (run) => this.context.stop(run));
  }
}

import * as vscode from 'vscode';
import { HumanError, messageOf } from '../core/errors';
import type { Member } from '../core/members';
import type { WindowRun } from '../views/runStore';
import { unable } from './ask';
import { tooMany } from './filter';
import { closeInspector, openInspector } from './inspector';
import { aboutKey, type About } from './kinds';
import type { DebugServices } from './pythonAdapters';

/** Keys of the root's configuration that an attached session takes over. */
const inherited = ['justMyCode', 'pathMappings', 'rules', 'django', 'jinja', 'redirectOutput', 'showReturnValue', 'skipFiles', 'sourceMaps', 'outFiles', 'resolveSourceMapLocations', 'smartStep'];

function takenOver(run: WindowRun): Record<string, unknown> {
  const configuration = (run.open.description().configuration ?? {});
  return Object.fromEntries(Object.entries(configuration).filter(([key]) => inherited.includes(key)));
}

/** ms in which a session that has started gets its breakpoints */
const patience = 8_000;

/** Attaches a debugger to living members, and lets them go again. */
export class Attacher implements vscode.Disposable {
  readonly #inspectors = new Map<string, string>();
  readonly #like = new Map<string, Set<string>>();
  readonly #met = new Set<string>();
  /** by run and member: an attachment that is under way is everybody's who asks for it */
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #subscriptions: vscode.Disposable;

  constructor(private readonly services: DebugServices) {
    this.#subscriptions = vscode.Disposable.from(
      services.window.runs.onDidChange(() => this.#follow()),
      vscode.debug.onDidTerminateDebugSession((session) => this.#close(session)),
    );
  }

  /** Attaches to a member. Resolves when its session has its breakpoints. Throws {@link HumanError} with the reason where that can't be. */
  async attach(run: WindowRun, member: Member): Promise<void> {
    if (!vscode.workspace.isTrusted) throw new HumanError('This workspace is not trusted, so nothing in it is debugged.');
    const key = `${run.open.id}/${member.id}`;
    const attaching = this.#underWay.get(key) ?? this.#attach(run, member).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, attaching);
    await attaching;
  }

  async #attach(run: WindowRun, member: Member): Promise<void> {
    const { sessions, children } = this.services;
    await children.decided(run.open.id, member.pid);
    const there = sessions.find(run.open.id, member);
    if (there) return this.reveal(there.session, there.stop?.thread);
    const reason = unable(member);
    if (reason !== undefined) throw new HumanError(reason);
    if (member.runtime === 'other') throw new HumanError(`${member.name} (pid ${member.pid}) is neither Python nor Node, so there is no debugger for it here.`);
    const known = await children.known(run.open.id, member.pid);
    const started = known
      ? await children.open(run.open.id, known, member, this.#parent(run, member))
      : await this.#start(run, member);
    if (!started) throw new HumanError(`${member.name} (pid ${member.pid}) could not be attached to. It may have ended meanwhile.`);
    await sessions.untilReady(run.open.id, member, patience);
  }

  async #start(run: WindowRun, member: Member): Promise<boolean> {
    const about: About = { run: run.open.id, pid: member.pid, member: member.id };
    const base = { ...takenOver(run), name: `${member.name} [${member.pid}]`, request: 'attach', [aboutKey]: about };
    const parentSession = this.#parent(run, member);
    const options: vscode.DebugSessionOptions = { suppressDebugView: true, ...(parentSession ? { parentSession, lifecycleManagedByParent: false } : {}) };
    if (member.runtime === 'python') return vscode.debug.startDebugging(undefined, { ...base, type: 'procession', justMyCode: true, ...takenOver(run) }, options);
    const { address, opened } = await openInspector(run.open.directory, member);
    const key = `${run.open.id}/${member.pid}`;
    if (opened) this.#inspectors.set(key, address);
    let started = false;
    try {
      started = await vscode.debug.startDebugging(undefined, { ...base, type: 'pwa-node', websocketAddress: address, continueOnAttach: true, autoAttachChildProcesses: false, attachExistingChildren: false }, options);
    } finally {
      if (!started) this.#closeInspector(key);
    }
    return started;
  }

  /** The session of the nearest ancestor that has one. */
  #parent(run: WindowRun, { parent: id }: Member): vscode.DebugSession | undefined {
    const parent = run.open.report().members.find((one) => one.id === id);
    return parent && (this.services.sessions.find(run.open.id, parent)?.session ?? this.#parent(run, parent));
  }

  /** Lets a member go: it lives on. */
  async detach(run: WindowRun, member: Member): Promise<void> {
    const attached = this.services.sessions.find(run.open.id, member);
    if (!attached) throw new HumanError(`${member.name} (pid ${member.pid}) is not debugged.`);
    if (attached.session.configuration.request === 'launch') throw new HumanError(`${member.name} (pid ${member.pid}) was launched by the debugger and can't be let go: stop it, or launch it without debugging and attach.`);
    // VS Code's own Stop would end the process of a session that lies below one that was launched, or all of the run.
    await startedFor(attached.session).customRequest('disconnect', { terminateDebuggee: false });
  }

  /** Shows where a session stands: its frame, its place in the call stack. */
  async reveal(session: vscode.DebugSession, thread: number | undefined): Promise<void> {
    await vscode.commands.executeCommand('workbench.debug.action.focusCallStackView');
    if (thread === undefined) return;
    const { stackFrames } = await session.customRequest('stackTrace', { threadId: thread, startFrame: 0, levels: 1 }) as { stackFrames: { line: number; source?: { path?: string; sourceReference?: number } }[] };
    const [top] = stackFrames;
    if (!top?.source) return;
    const { path, sourceReference } = top.source;
    // In a remote window the editor has made the path a URI.
    const uri = sourceReference ? vscode.debug.asDebugSourceUri(top.source, session) : path === undefined ? undefined : /^[\w+.-]+:\/\//.test(path) ? vscode.Uri.parse(path) : vscode.Uri.file(path);
    const at = new vscode.Position(Math.max(0, top.line - 1), 0);
    if (uri) await vscode.window.showTextDocument(uri, { selection: new vscode.Range(at, at), preview: true });
  }

  /** From now on, attaches to new children that have the name or the target of this one. Asked for again, it ends. */
  followLike(run: WindowRun, member: Member): boolean {
    const wanted = this.#like.get(run.open.id) ?? new Set<string>();
    const key = likeness(member);
    for (const one of run.open.report().members) this.#met.add(`${run.open.id}/${one.id}`);
    const added = !wanted.delete(key);
    if (added) wanted.add(key);
    this.#like.set(run.open.id, wanted);
    return added;
  }

  #follow(): void {
    for (const [id, wanted] of this.#like) {
      const run = this.services.sessions.run(id);
      if (!run || wanted.size === 0) continue;
      for (const member of run.open.report().members) {
        const key = `${id}/${member.id}`;
        if (this.#met.has(key) || member.state !== 'running' || !wanted.has(likeness(member))) continue;
        this.#met.add(key);
        const most = this.services.children.policy(id)?.most ?? 8;
        if (this.services.sessions.of(id).length >= most) this.services.sessions.leaveOut(id, member, tooMany(most));
        else this.attach(run, member).catch((error: unknown) => this.services.sessions.leaveOut(id, member, messageOf(error)));
      }
    }
  }

  #close(session: vscode.DebugSession): void {
    const about = session.configuration[aboutKey] as About | undefined;
    if (about) this.#closeInspector(`${about.run}/${about.pid ?? ''}`);
  }

  /** Closes the inspector of a process again, if it was opened for us. */
  #closeInspector(key: string): void {
    const address = this.#inspectors.get(key);
    if (address !== undefined && this.#inspectors.delete(key)) void closeInspector(address);
  }

  dispose(): void {
    this.#subscriptions.dispose();
    for (const address of this.#inspectors.values()) void closeInspector(address);
  }
}

/** The session that was started to attach: js-debug puts that of the process below it. */
function startedFor(session: vscode.DebugSession): vscode.DebugSession {
  const above = session.parentSession;
  return session.configuration[aboutKey] === undefined && above?.configuration[aboutKey] !== undefined && above.configuration.request === 'attach' ? above : session;
}

/** What two members that do the same have in common: the target function, else the name without its number. */
function likeness(member: Member): string {
  return member.target ? `${member.target.file}:${member.target.function}` : member.name.replace(/[-\s]?\d+$/, '');
}

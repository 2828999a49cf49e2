import type * as vscode from 'vscode';
import { HumanError, messageOf } from '../core/errors';
import type { Member } from '../core/members';
import type { WindowRun } from '../views/runStore';
import { isDebugged } from '../launch/runGuard';
import { unable } from '../insight/probeRequest';
import type { ChildSessions } from './children';
import { tooMany } from './filter';
import { closeInspector, openInspector } from '../insight/inspector';
import { aboutKey, type About } from './kinds';
import type { DebugSessions } from './sessions';
import { within } from '../launch/within';

/** Keys of the root's configuration that an attached session takes over. */
const inherited = ['justMyCode', 'pathMappings', 'rules', 'django', 'jinja', 'redirectOutput', 'showReturnValue', 'skipFiles', 'sourceMaps', 'outFiles', 'resolveSourceMapLocations', 'smartStep'];
/** Where the console of the root's session shows what a member prints, its own session must not show it once more. */
const shownAlready = { redirectOutput: false, outputCapture: 'std' };

function takenOver(run: WindowRun): Record<string, unknown> {
  const { configuration = {}, console: place } = run.open.description();
  const isShown = place === 'internalConsole' && isDebugged(run.open.directory);
  return { ...Object.fromEntries(Object.entries(configuration).filter(([key]) => inherited.includes(key))), ...(isShown ? shownAlready : {}) };
}

/** ms: until a session has started, and from then on until it has its breakpoints */
const patience = { start: 30_000, breakpoints: 8_000, decision: 30_000, detach: 10_000 };

/** What attaching needs of the rest, and of the editor. */
export interface AttachServices {
  sessions: Pick<DebugSessions, 'find' | 'run' | 'of' | 'leaveOut' | 'untilReady'>;
  children: Pick<ChildSessions, 'decided' | 'known' | 'open' | 'policy'>;
  /** Throws {@link HumanError} where the person has not trusted the workspace. */
  requireTrust(): void;
  start: typeof vscode.debug.startDebugging;
  /** shows where a session stands */
  reveal(session: vscode.DebugSession, thread: number | undefined): Promise<void>;
  /** replaced in tests */
  inspector?: { open: typeof openInspector; close: typeof closeInspector };
}

/** Attaches debuggers to living members, and lets them go again. */
export class Attacher {
  /** addresses of inspectors that were opened for us, by run and pid */
  readonly #inspectors = new Map<string, string>();
  /** what new members must have in common with one that a person chose, and who was met before, by run */
  readonly #like = new Map<string, { wanted: Set<string>; met: Set<string> }>();
  /** by run and member: an attachment that is under way is everybody's who asks for it */
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #inspector: { open: typeof openInspector; close: typeof closeInspector };

  constructor(private readonly services: AttachServices) {
    this.#inspector = services.inspector ?? { open: openInspector, close: closeInspector };
  }

  /** Attaches to a member. Resolves when its session has its breakpoints. Throws {@link HumanError} with the reason where that can't be. */
  async attach(run: WindowRun, member: Member): Promise<void> {
    this.services.requireTrust();
    const key = `${run.open.id}/${member.id}`;
    const attaching = this.#underWay.get(key) ?? this.#attach(run, member).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, attaching);
    await attaching;
  }

  async #attach(run: WindowRun, member: Member): Promise<void> {
    const { sessions, children } = this.services;
    const who = `${member.name} (pid ${member.pid})`;
    await within(patience.decision, who, children.decided(run.open.id, member));
    const there = sessions.find(run.open.id, member);
    if (there) return this.services.reveal(there.session, there.stop?.thread);
    const reason = unable(member);
    if (reason !== undefined) throw new HumanError(reason);
    if (member.runtime === 'other') throw new HumanError(`${who} is neither Python nor Node, so there is no debugger for it here.`);
    const known = await children.known(run.open.id, member);
    const started = known
      ? await children.open(run.open.id, known, member, this.#parent(run, member))
      : await within(patience.start, `The debugger of ${who}`, this.#start(run, member));
    if (!started) throw new HumanError(`${who} could not be attached to. It may have ended meanwhile.`);
    await sessions.untilReady(run.open.id, member, patience.breakpoints);
  }

  async #start(run: WindowRun, member: Member): Promise<boolean> {
    const about: About = { run: run.open.id, pid: member.pid, member: member.id };
    const base = { ...takenOver(run), name: `${member.name} [${member.pid}]`, request: 'attach', [aboutKey]: about };
    const parentSession = this.#parent(run, member);
    const options: vscode.DebugSessionOptions = { suppressDebugView: true, ...(parentSession ? { parentSession, lifecycleManagedByParent: false } : {}) };
    if (member.runtime === 'python') return this.services.start(undefined, { ...base, type: 'procession', justMyCode: true, ...takenOver(run) }, options);
    const { address, opened } = await this.#inspector.open(run.open.directory, member);
    const key = `${run.open.id}/${member.pid}`;
    if (opened) this.#inspectors.set(key, address);
    let started = false;
    try {
      started = await this.services.start(undefined, { ...base, type: 'pwa-node', websocketAddress: address, continueOnAttach: true, autoAttachChildProcesses: false, attachExistingChildren: false }, options);
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
    await within(patience.detach, `The debugger of ${member.name} (pid ${member.pid})`, startedFor(attached.session).customRequest('disconnect', { terminateDebuggee: false }));
  }

  /** From now on, attaches to new children that have the name or the target of this one. Asked for again, it ends. */
  followLike(run: WindowRun, member: Member): boolean {
    const { wanted, met } = this.#like.get(run.open.id) ?? { wanted: new Set<string>(), met: new Set<string>() };
    const key = likeness(member);
    for (const one of run.open.report().members) met.add(one.id);
    const added = !wanted.delete(key);
    if (added) wanted.add(key);
    if (wanted.size > 0) this.#like.set(run.open.id, { wanted, met });
    else this.#like.delete(run.open.id);
    return added;
  }

  /** Something about the runs is new: members that a person wants to be attached to may have come. */
  follow(): void {
    for (const [id, { wanted, met }] of this.#like) {
      const run = this.services.sessions.run(id);
      if (!run) this.#like.delete(id);
      for (const member of run?.open.report().members ?? []) {
        if (!run || met.has(member.id) || member.state !== 'running' || !wanted.has(likeness(member))) continue;
        met.add(member.id);
        const most = this.services.children.policy(id)?.most ?? 8;
        if (this.services.sessions.of(id).length >= most) this.services.sessions.leaveOut(id, member, tooMany(most));
        else this.attach(run, member).catch((error: unknown) => this.services.sessions.leaveOut(id, member, messageOf(error)));
      }
    }
  }

  /** A session has ended: what was opened for it is closed. */
  ended(session: vscode.DebugSession): void {
    const about = session.configuration[aboutKey] as About | undefined;
    if (about) this.#closeInspector(`${about.run}/${about.pid ?? ''}`);
  }

  /** Closes the inspector of a process again, if it was opened for us. */
  #closeInspector(key: string): void {
    const address = this.#inspectors.get(key);
    if (address !== undefined && this.#inspectors.delete(key)) void this.#inspector.close(address);
  }

  dispose(): void {
    for (const key of [...this.#inspectors.keys()]) this.#closeInspector(key);
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

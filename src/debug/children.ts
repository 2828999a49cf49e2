import type * as vscode from 'vscode';
import type { Member } from '../core/members';
import { pidOf } from '../core/namespaces';
import { Emitter } from './emitter';
import { refuses } from './filter';
import { aboutKey, type ChildPolicy } from './kinds';
import type { DebugSessions } from './sessions';
import { Silent } from './headlessDapClient';
import { within } from '../launch/within';

/** ms that the facts of a new child are waited for before it is decided without them */
const patience = 1_500;
/** ms that a session which stands has to go on before it is ended all the same */
const releasing = 500;

/** Start methods of children that have a target function, which their parent tells. */
const forked = /^(fork|spawn|forkserver)$/;

interface Followed {
  root: vscode.DebugSession;
  /** the session of the root is that of a process, not only of a command */
  isDebugged: boolean;
  policy: ChildPolicy;
  /** pids whose sessions are being opened */
  opening: Set<number>;
  /** children that debugpy has met and that are being decided about, by pid */
  taking: Map<number, Promise<void>>;
  /** children without a session, by pid */
  silent: Map<number, Silent>;
}

type Child = Pick<Member, 'pid' | 'inner'>;

/** The pids by which debugpy may know a child: in a container it tells the one inside. */
const pidsOf = ({ pid, inner }: Child): number[] => [pid, ...(inner ? [inner.pid] : [])];

/** What is needed of the sessions that there are. */
type Book = Pick<DebugSessions, 'of' | 'run' | 'member' | 'leaveOut'>;

/** Decides which children that debugpy offers get a session, and opens it below that of the child's parent. */
export class ChildSessions {
  readonly #runs = new Map<string, Followed>();
  readonly #began = new Emitter<{ run: string; policy: ChildPolicy }>();

  /** A debugged run is about to start. */
  readonly onDidBegin = this.#began.event;

  /** `opening`: ms after which a child whose session does not come up is let go; it stands before its first line all that time. */
  constructor(
    private readonly sessions: Book, private readonly start: typeof vscode.debug.startDebugging, private readonly log: Pick<vscode.LogOutputChannel, 'error'>,
    private readonly opening = 20_000,
  ) {}

  /** Decides by this policy from now on. `isDebugged`: the root has a debugger itself, and takes one of the sessions. */
  begin(root: vscode.DebugSession, run: string, policy: ChildPolicy, isDebugged = true): void {
    this.#runs.set(run, { root, isDebugged, policy, opening: new Set(), taking: new Map(), silent: new Map() });
    this.#began.fire({ run, policy });
  }

  /** Lets go of the runs that are not wanted any more. */
  keep(wanted: (run: string) => boolean): void {
    for (const [run, { silent }] of this.#runs) {
      if (wanted(run)) continue;
      this.#runs.delete(run);
      for (const one of silent.values()) one.close();
    }
  }

  policy(run: string): ChildPolicy | undefined {
    return this.#runs.get(run)?.policy;
  }

  /** How to attach to a child that debugpy follows and that has no session. */
  async known(run: string, child: Child): Promise<vscode.DebugConfiguration | undefined> {
    const followed = this.#runs.get(run);
    const pid = pidsOf(child).find((one) => followed?.silent.has(one));
    const silent = pid === undefined ? undefined : followed?.silent.get(pid);
    await silent?.leave();
    if (pid !== undefined) followed?.silent.delete(pid);
    return silent?.configuration;
  }

  /** Resolves when a child that debugpy has met has its session, or has been left out. */
  async decided(run: string, child: Child): Promise<void> {
    const taking = this.#runs.get(run)?.taking;
    for (const pid of pidsOf(child)) await taking?.get(pid);
  }

  /** debugpy has met a new child, which waits for a client: whatever happens, it gets one. */
  offer(from: vscode.DebugSession, run: string, configuration: vscode.DebugConfiguration): void {
    const pid = Number(configuration.subProcessId);
    const followed = this.#runs.get(run);
    const taking = this.#opened(followed, from, run, configuration).then((isOpen) => {
      if (!isOpen) this.#silence(followed, from, run, configuration);
    }).finally(() => followed?.taking.delete(pid));
    followed?.taking.set(pid, taking);
  }

  async #opened(followed: Followed | undefined, from: vscode.DebugSession, run: string, configuration: vscode.DebugConfiguration): Promise<boolean> {
    if (!followed) return false;
    try {
      return await this.admit(run, Number(configuration.subProcessId), (member) => this.open(run, configuration, member, from));
    } catch (error) {
      this.log.error(error as Error);
      return false;
    }
  }

  #silence(followed: Followed | undefined, from: vscode.DebugSession, run: string, configuration: vscode.DebugConfiguration): void {
    const pid = Number(configuration.subProcessId);
    const silent = new Silent(configuration, (child) => this.offer(from, run, child));
    followed?.silent.set(pid, silent);
    void silent.closed.then(() => {
      if (followed?.silent.get(pid) === silent) followed.silent.delete(pid);
    });
  }

  /** Opens a session of a new process if the configuration wants it to have one; false where it gets none, and the tree tells why. */
  async admit(run: string, pid: number, open: (member: Member | undefined) => Promise<boolean>): Promise<boolean> {
    const followed = this.#runs.get(run);
    if (!followed) return false;
    const { opening, policy, isDebugged } = followed;
    const member = await this.meet(run, pid);
    const known = member?.pid ?? pid;
    const there = this.sessions.of(run).filter((one) => one.pid === undefined || !opening.has(one.pid)).length - (isDebugged ? 1 : 0);
    const reason = refuses(policy, member, this.sessions.run(run)?.open.report().members ?? [], there + opening.size);
    if (reason !== undefined) {
      this.sessions.leaveOut(run, member, reason);
      return false;
    }
    opening.add(known);
    try {
      return await open(member);
    } finally {
      opening.delete(known);
    }
  }

  /** Opens the session of a child. False: it could not be opened. */
  async open(run: string, configuration: vscode.DebugConfiguration, member: Member | undefined, from: vscode.DebugSession | undefined): Promise<boolean> {
    const pid = member?.pid ?? Number(configuration.subProcessId);
    const parent = member?.parent ? this.sessions.of(run).find((one) => one.pid === pidOf(member.parent ?? ''))?.session : undefined;
    const name = member ? `${member.name} [${pid}]` : configuration.name;
    const parentSession = parent ?? from;
    return within(this.opening, name, this.start(from?.workspaceFolder, { ...configuration, name, [aboutKey]: { run, pid } }, {
      ...(parentSession ? { parentSession, lifecycleManagedByParent: true } : {}), suppressDebugView: true,
    }));
  }

  /** A child is heard of in the moment in which it waits: a little patience gives it its name, and its target where that matters. */
  async meet(run: string, pid: number): Promise<Member | undefined> {
    let found: Member | undefined;
    const byTarget = this.policy(run)?.filter.target !== undefined;
    for (let waited = 0; waited < patience; waited += 20) {
      this.sessions.run(run)?.open.look();
      found = this.sessions.member(run, pid);
      if (found && (found.role !== 'child' || found.target !== null || (found.argv.length > 0 && !(byTarget && forked.test(found.startMethod))))) break;
      await new Promise((done) => setTimeout(done, 20));
    }
    return found;
  }

  /** Lets all that stand at a breakpoint go on, so that they can be ended. */
  async release(run: string): Promise<void> {
    const standing = this.sessions.of(run).filter(({ stop }) => stop);
    await Promise.allSettled(standing.map(({ session, stop }) => within(releasing, session.name, session.customRequest('continue', { threadId: stop?.thread }))));
  }

  dispose(): void {
    this.keep(() => false);
    this.#began.dispose();
  }
}

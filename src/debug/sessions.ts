import type * as vscode from 'vscode';
import type { Member } from '../core/members';
import type { RunStore, WindowRun } from '../views/runStore';
import { Emitter } from './emitter';
import { aboutKey, aboutOf } from './kinds';
import type { Message } from './protocol';
import { becomes, within } from '../launch/within';

/** ms that a session which has stopped has to say where */
const patience = 3_000;

/** Where a session has stopped. */
export interface Stop {
  thread: number;
  reason: string;
  file: string;
  line: number;
  at: number;
}

/** A debug session of one process of a run. */
export interface Attached {
  session: vscode.DebugSession;
  run: string;
  pid: number | undefined;
  stop: Stop | undefined;
  /** the thread that was told to pause, and has not yet */
  pausing?: number | undefined;
  /** it has been given its breakpoints */
  ready: boolean;
}

interface Frame {
  line: number;
  source?: { path?: string };
}

/** The debug sessions of the members: which there are, what each is doing, and what they are called. */
export class DebugSessions {
  readonly #all = new Map<string, Attached>();
  readonly #unattached = new Map<string, string>();
  readonly #changed = new Emitter<void>();
  readonly #stopped = new Emitter<Attached>();

  /** A session came, went, stopped or went on. */
  readonly onDidChange = this.#changed.event;
  /** A session has stopped; where is known, if it could tell. */
  readonly onDidStop = this.#stopped.event;

  constructor(private readonly runs: Pick<RunStore, 'get'>) {}

  /** Says which process a session is of. */
  bind(session: vscode.DebugSession, run: string, pid: number | undefined): Attached {
    const known = this.#all.get(session.id) ?? { session, run, pid, stop: undefined, ready: false };
    known.run = run;
    known.pid = pid ?? known.pid;
    this.#all.set(session.id, known);
    const member = known.pid === undefined ? undefined : this.member(run, known.pid);
    if (member) this.#unattached.delete(`${run}/${member.id}`);
    this.rename();
    this.#changed.fire();
    return known;
  }

  /** Listens to a session, if it is of a run. */
  track(session: vscode.DebugSession): vscode.DebugAdapterTracker | undefined {
    const about = aboutOf(session);
    if (!about && session.type !== 'procession') return undefined;
    // js-debug tells the pid in the name that it gives to the session: `worker.js [123]`.
    const named = session.type === 'pwa-node' ? /\[(\d+)\]/.exec(session.name.replace(/^\[worker.*/, '')) : undefined;
    const pid = about?.pid ?? (named && Number(named[1]) > 0 ? Number(named[1]) : undefined);
    const isProcess = pid !== undefined && !(session.type === 'pwa-node' && session.configuration[aboutKey] !== undefined);
    const isThread = session.type === 'pwa-node' && session.name.startsWith('[worker');
    return {
      onDidSendMessage: (message: Message) => {
        if (message.event === 'initialized' && about && (isProcess || isThread)) this.bind(session, about.run, isProcess ? pid : undefined);
        this.#heard(session, message);
      },
      onWillStopSession: () => this.ended(session),
    };
  }

  #heard(session: vscode.DebugSession, message: Message): void {
    const attached = this.#all.get(session.id);
    if (!attached) return;
    const thread = Number(message.body?.threadId);
    switch (message.type === 'event' ? message.event : message.command) {
      case 'stopped':
        void this.#locate(attached, thread, typeof message.body?.reason === 'string' ? message.body.reason : '');
        return;
      case 'continued':
      case 'continue': case 'next': case 'stepIn': case 'stepOut':
        if (message.type === 'response' && message.success === false) return;
        attached.stop = undefined;
        this.#changed.fire();
        return;
      case 'configurationDone':
        attached.ready = true;
        this.#changed.fire();
        return;
      default:
    }
  }

  async #locate(attached: Attached, thread: number, reason: string): Promise<void> {
    const stop: Stop = { thread, reason, file: '', line: 0, at: Date.now() };
    attached.stop = stop;
    attached.pausing = undefined;
    this.#changed.fire();
    try {
      const { stackFrames } = await within(patience, attached.session.name, attached.session.customRequest('stackTrace', { threadId: thread, startFrame: 0, levels: 1 })) as { stackFrames: Frame[] };
      const [top] = stackFrames;
      stop.file = top?.source?.path ?? '';
      stop.line = top?.line ?? 0;
    } catch {
      // It has gone on meanwhile, or does not answer.
    }
    if (attached.stop !== stop) return;
    this.#changed.fire();
    this.#stopped.fire(attached);
  }

  /** A session has ended. */
  ended(session: vscode.DebugSession): void {
    if (this.#all.delete(session.id)) this.#changed.fire();
  }

  /** A session is called as its process is, with the pid; that of a process in a container goes by the pid outside from the moment at which that is known. */
  rename(): void {
    for (const attached of this.#all.values()) {
      const { session, run, pid } = attached;
      const member = pid === undefined ? undefined : this.member(run, pid);
      attached.pid = member?.pid ?? pid;
      const name = member && `${member.name} [${member.pid}]`;
      const root = session.configuration[aboutKey] !== undefined && session.configuration.request === 'launch';
      if (name !== undefined && session.name !== name && !root) session.name = name;
    }
  }

  /** The living member of a run with a pid, which a debugger may know from inside another pid namespace. */
  member(run: string, pid: number): Member | undefined {
    const members = this.runs.get(run)?.open.report().members ?? [];
    const found = members.filter((member) => member.pid === pid);
    const inside = members.filter(({ inner }) => inner?.pid === pid);
    return [...found, ...inside].find(({ state }) => state !== 'exited') ?? found.at(-1) ?? inside.at(-1);
  }

  run(id: string): WindowRun | undefined {
    return this.runs.get(id);
  }

  /** The sessions of a run, or of all. */
  of(run?: string): Attached[] {
    return [...this.#all.values()].filter((one) => run === undefined || one.run === run);
  }

  /** The sessions that can be paused: of processes, and of Node's worker threads, which are sessions of their own. */
  live(run?: string): Attached[] {
    return this.of(run).filter(({ pid, session }) => pid !== undefined || session.type === 'pwa-node');
  }

  get(session: vscode.DebugSession | undefined): Attached | undefined {
    return session && this.#all.get(session.id);
  }

  /** The session of a member. */
  find(run: string, member: Member): Attached | undefined {
    return this.of(run).find(({ pid }) => pid === member.pid);
  }

  /** Waits until the session of a member has its breakpoints, at most `timeout` ms. */
  async untilReady(run: string, member: Member, timeout: number): Promise<void> {
    await becomes(() => this.find(run, member)?.ready === true, this.onDidChange, timeout);
  }

  /** Remembers why a process got no session by itself. One that is not in the tree has no row to tell it. */
  leaveOut(run: string, member: Member | undefined, reason: string): void {
    if (!member) return;
    this.#unattached.set(`${run}/${member.id}`, reason);
    this.#changed.fire();
  }

  /** What the tree says of a member's debugging; empty where there is nothing to say. */
  describe(run: string, member: Member): string {
    if (member.state === 'exited') return '';
    const attached = this.find(run, member);
    if (attached?.stop) return attached.stop.file ? `paused at ${attached.stop.file.slice(attached.stop.file.lastIndexOf('/') + 1)}:${attached.stop.line}` : 'paused';
    if (attached) return 'debugged';
    const reason = this.#unattached.get(`${run}/${member.id}`);
    return reason === undefined || reason === 'helper' || reason === 'debugChildren' ? '' : `not attached: ${reason}`;
  }

  /** Forgets what was remembered of runs that are not there any more. */
  keep(wanted: (run: string) => boolean): void {
    for (const key of this.#unattached.keys()) if (!wanted(key.slice(0, key.lastIndexOf('/')))) this.#unattached.delete(key);
  }

  dispose(): void {
    this.#changed.dispose();
    this.#stopped.dispose();
  }
}

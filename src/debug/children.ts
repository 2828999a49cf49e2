import * as vscode from 'vscode';
import type { Member } from '../core/members';
import { connectAdapter, type Connection } from './connection';
import { refuses } from './filter';
import { aboutKey, type ChildPolicy } from './kinds';
import type { Message } from './protocol';
import type { DebugSessions } from './sessions';

/** How long a new child's facts are waited for before it is decided without them, in ms. */
const patience = 1_500;

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

/** Decides which children that debugpy offers get a session, and opens it below that of the child's parent. */
export class ChildSessions {
  readonly #runs = new Map<string, Followed>();
  readonly #began = new vscode.EventEmitter<{ run: string; policy: ChildPolicy }>();

  /** A debugged run is about to start. */
  readonly onDidBegin = this.#began.event;

  constructor(private readonly sessions: DebugSessions, private readonly log: vscode.LogOutputChannel) {}

  /** Decides by this policy from now on. `isDebugged`: the root has a debugger itself, and takes one of the sessions. */
  begin(root: vscode.DebugSession, run: string, policy: ChildPolicy, isDebugged = true): void {
    this.#runs.set(run, { root, isDebugged, policy, opening: new Set(), taking: new Map(), silent: new Map() });
    this.#began.fire({ run, policy });
  }

  /** Lets go of the runs that are not wanted any more. */
  keep(wanted: (run: string) => boolean): void {
    for (const run of this.#runs.keys()) if (!wanted(run)) this.#runs.delete(run);
  }

  policy(run: string): ChildPolicy | undefined {
    return this.#runs.get(run)?.policy;
  }

  /** How to attach to a child that debugpy follows and that has no session. */
  async known(run: string, pid: number): Promise<vscode.DebugConfiguration | undefined> {
    const followed = this.#runs.get(run);
    const silent = followed?.silent.get(pid);
    await silent?.leave();
    followed?.silent.delete(pid);
    return silent?.configuration;
  }

  /** Resolves when a child that debugpy has met has its session, or has been left out. */
  async decided(run: string, pid: number): Promise<void> {
    await this.#runs.get(run)?.taking.get(pid);
  }

  /** debugpy has met a new child, which waits for a client. */
  offer(from: vscode.DebugSession, run: string, configuration: vscode.DebugConfiguration): void {
    const followed = this.#runs.get(run);
    if (!followed) return;
    const pid = Number(configuration.subProcessId);
    const taking = this.#take(followed, from, run, configuration)
      .catch((error: unknown) => this.log.error(error as Error))
      .finally(() => followed.taking.delete(pid));
    followed.taking.set(pid, taking);
  }

  async #take(followed: Followed, from: vscode.DebugSession, run: string, configuration: vscode.DebugConfiguration): Promise<void> {
    const pid = Number(configuration.subProcessId);
    if (await this.admit(run, pid, (member) => this.open(run, configuration, member, from))) return;
    const silent = new Silent(configuration, (child) => this.offer(from, run, child));
    followed.silent.set(pid, silent);
    void silent.closed.then(() => followed.silent.delete(pid));
  }

  /** Opens a session of a new process if the configuration wants it to have one; false where not, and the tree tells why. */
  async admit(run: string, pid: number, open: (member: Member | undefined) => Promise<unknown>): Promise<boolean> {
    const followed = this.#runs.get(run);
    if (!followed) return false;
    const { opening, policy, isDebugged } = followed;
    const member = await this.meet(run, pid);
    const there = this.sessions.of(run).filter((one) => one.pid === undefined || !opening.has(one.pid)).length - (isDebugged ? 1 : 0);
    const reason = refuses(policy, member, this.sessions.run(run)?.open.report().members ?? [], there + opening.size);
    if (reason !== undefined) {
      this.sessions.leaveOut(run, member, reason);
      return false;
    }
    opening.add(pid);
    try {
      await open(member);
      return true;
    } finally {
      opening.delete(pid);
    }
  }

  /** Opens the session of a child. */
  async open(run: string, configuration: vscode.DebugConfiguration, member: Member | undefined, from: vscode.DebugSession | undefined): Promise<boolean> {
    const pid = Number(configuration.subProcessId);
    const parent = member?.parent ? this.sessions.of(run).find((one) => one.pid === Number.parseInt(member.parent ?? '', 10))?.session : undefined;
    const name = member ? `${member.name} [${pid}]` : configuration.name;
    const parentSession = parent ?? from;
    return vscode.debug.startDebugging(from?.workspaceFolder, { ...configuration, name, [aboutKey]: { run, pid } }, {
      ...(parentSession ? { parentSession, lifecycleManagedByParent: true } : {}), suppressDebugView: true,
    });
  }

  /** A child is heard of in the moment in which it waits: a little patience gives it its name, and its target where that matters. */
  async meet(run: string, pid: number): Promise<Member | undefined> {
    let found: Member | undefined;
    const byTarget = this.policy(run)?.filter.target !== undefined;
    for (let waited = 0; waited < patience; waited += 20) {
      this.sessions.run(run)?.open.readAll();
      found = this.sessions.member(run, pid);
      if (found && (found.role !== 'child' || found.target !== null || (found.argv.length > 0 && !(byTarget && forked.test(found.startMethod))))) break;
      await new Promise((done) => setTimeout(done, 20));
    }
    return found;
  }

  /** Lets all that stand at a breakpoint go on, so that they can be ended. */
  async release(run: string): Promise<void> {
    await Promise.all(this.sessions.of(run).filter(({ stop }) => stop).map(async ({ session, stop }) => {
      await Promise.race([
        Promise.resolve(session.customRequest('continue', { threadId: stop?.thread })).catch(() => undefined),
        new Promise((done) => setTimeout(done, 500)),
      ]);
    }));
  }
}

/**
 * A child that gets no session. debugpy makes every child wait for a client, so it gets one that sets no breakpoints, and that
 * stays: only of children whose parent has a client does debugpy tell, and a fork server's are what matters.
 */
class Silent {
  readonly #connection: Connection;
  readonly closed: Promise<void>;
  #seq = 0;

  constructor(readonly configuration: vscode.DebugConfiguration, offered: (child: vscode.DebugConfiguration) => void) {
    const { host, port } = configuration.connect as { host: string; port: number };
    let over: () => void = () => undefined;
    this.closed = new Promise((done) => {
      over = done;
    });
    this.#connection = connectAdapter(host, port, { closed: over, message: (message) => this.#heard(message, offered) });
    this.#say('initialize', { adapterID: 'procession', clientID: 'procession', pathFormat: 'path', linesStartAt1: true, columnsStartAt1: true, supportsStartDebuggingRequest: true });
  }

  #say(command: string, body: Record<string, unknown>): void {
    this.#connection.send({ seq: ++this.#seq, type: 'request', command, arguments: body });
  }

  #heard(message: Message, offered: (child: vscode.DebugConfiguration) => void): void {
    if (message.type === 'response' && message.command === 'initialize') this.#say('attach', this.configuration);
    if (message.event === 'initialized') this.#say('configurationDone', {});
    if (message.event === 'terminated' || (message.type === 'response' && message.command === 'disconnect')) this.#connection.close();
    if (message.type === 'request' && message.command === 'startDebugging') {
      this.#connection.send({ seq: ++this.#seq, type: 'response', request_seq: message.seq, command: 'startDebugging', success: true });
      offered({ ...(message.arguments?.configuration as vscode.DebugConfiguration), type: this.configuration.type, request: 'attach' });
    }
  }

  /** Gives the child up, so that another client can have it. */
  async leave(): Promise<void> {
    this.#say('disconnect', { terminateDebuggee: false });
    await Promise.race([this.closed, new Promise((done) => setTimeout(done, 3_000))]);
  }
}

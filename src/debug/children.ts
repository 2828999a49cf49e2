import * as vscode from 'vscode';
import type { Member } from '../core/members';
import { connectAdapter, type Connection } from './connection';
import { refuses } from './filter';
import { aboutKey, type ChildPolicy } from './kinds';
import type { Message } from './protocol';
import type { DebugSessions } from './sessions';

/** How long a new child's facts are waited for before it is decided without them, in ms. */
const patience = 1_500;

interface Followed {
  root: vscode.DebugSession;
  policy: ChildPolicy;
  /** sessions that are being opened */
  opening: number;
  /** children without a session, by pid */
  silent: Map<number, Silent>;
}

/** Decides which children that debugpy offers get a session, and opens it below that of the child's parent. */
export class ChildSessions {
  readonly #runs = new Map<string, Followed>();

  constructor(private readonly sessions: DebugSessions, private readonly log: vscode.LogOutputChannel) {}

  begin(root: vscode.DebugSession, run: string, policy: ChildPolicy): void {
    this.#runs.set(run, { root, policy, opening: 0, silent: new Map() });
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

  /** debugpy has met a new child, which waits for a client. */
  offer(from: vscode.DebugSession, run: string, configuration: vscode.DebugConfiguration): void {
    const followed = this.#runs.get(run);
    if (followed) this.#take(followed, from, run, configuration).catch((error: unknown) => this.log.error(error as Error));
  }

  async #take(followed: Followed, from: vscode.DebugSession, run: string, configuration: vscode.DebugConfiguration): Promise<void> {
    const pid = Number(configuration.subProcessId);
    const member = await this.#meet(run, pid);
    const open = this.sessions.of(run).length - 1 + followed.opening;
    const reason = refuses(followed.policy, member, this.sessions.run(run)?.open.report().members ?? [], open);
    if (reason !== undefined) {
      this.sessions.leaveOut(run, pid, reason);
      const silent = new Silent(configuration, (child) => this.offer(from, run, child));
      followed.silent.set(pid, silent);
      void silent.closed.then(() => followed.silent.delete(pid));
      return;
    }
    followed.opening++;
    try {
      await this.open(run, configuration, member, from);
    } finally {
      followed.opening--;
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

  /** Its parent tells of a child in the moment in which it waits: a little patience gives it its name. */
  async #meet(run: string, pid: number): Promise<Member | undefined> {
    let found: Member | undefined;
    for (let waited = 0; waited < patience; waited += 20) {
      this.sessions.run(run)?.open.readAll();
      found = this.sessions.member(run, pid);
      if (found && (found.role !== 'child' || found.target !== null || found.argv.length > 0) && found.startMethod !== '') break;
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

import { createServer, type Socket } from 'node:net';
import type * as vscode from 'vscode';
import type { Member } from '../../src/core/members';
import { aboutKey } from '../../src/debug/kinds';
import { Decoder, encode, type Message } from '../../src/debug/protocol';
import { DebugSessions } from '../../src/debug/sessions';
import type { WindowRun } from '../../src/views/runStore';

/** What surrounds the state machines of debugging in their tests: members, runs and sessions without an editor. */

export const member = (name: string, pid: number, more: Partial<Member> = {}): Member => ({
  id: `${pid}.1`, pid, name, parent: '1.1', role: 'child', runtime: 'python', state: 'running', startMethod: 'fork', target: null, argv: ['python3', 'x.py'],
  marks: [], threads: [], host: null, inner: null, rank: null, startedAt: pid, endedAt: null, ...more,
}) as Member;

/** A run whose facts a test sets. */
export interface World {
  run: WindowRun;
  facts: { members: Member[]; endedAt: number | null; exit: unknown; launchFailed?: string };
  sessions: DebugSessions;
  /** sessions that were started, in their order */
  started: { configuration: vscode.DebugConfiguration; options: vscode.DebugSessionOptions }[];
}

export function world(members: Member[] = []): World {
  const facts: World['facts'] = { members, endedAt: null, exit: null };
  const open = {
    id: 'run', directory: '/nowhere', look: () => undefined, readAll: () => undefined, description: () => ({}),
    get size() { return facts.members.length; },
    report: () => ({ members: facts.members, run: { endedAt: facts.endedAt, exit: facts.exit, ...(facts.launchFailed === undefined ? {} : { launchFailed: facts.launchFailed }) } }),
  };
  const run = { open } as unknown as WindowRun;
  return { run, facts, sessions: new DebugSessions({ get: (id) => (id === 'run' ? run : undefined) }), started: [] };
}

let sessions = 0;

/** A debug session that answers as `answer` says. */
export function session(name: string, more: { pid?: number; type?: string; request?: string; parent?: vscode.DebugSession; answer?: (command: string, args: unknown) => unknown } = {}): vscode.DebugSession & { asked: string[] } {
  const asked: string[] = [];
  return {
    id: `session ${sessions++}`, name, type: more.type ?? 'procession', parentSession: more.parent, workspaceFolder: undefined, asked,
    configuration: { name, type: more.type ?? 'procession', request: more.request ?? 'attach', [aboutKey]: { run: 'run', ...(more.pid === undefined ? {} : { pid: more.pid }) } },
    customRequest: async (command: string, args: unknown) => {
      asked.push(command);
      return more.answer ? await more.answer(command, args) : {};
    },
  } as unknown as vscode.DebugSession & { asked: string[] };
}

/** Has a session of a process stop somewhere, as its adapter tells it. */
export async function stopAt({ sessions: all }: World, of: vscode.DebugSession, reason = 'breakpoint'): Promise<void> {
  all.track(of)?.onDidSendMessage?.({ type: 'event', event: 'stopped', seq: 1, body: { threadId: 1, reason } });
  await settle();
}

/** Lets everything that is ready happen. */
export const settle = (): Promise<void> => new Promise((done) => setTimeout(done, 20));

/** A debug adapter that listens and notes what it is asked; `answers` gives the body of a response, undefined for none. */
export async function adapter(answers: (request: Message) => { success?: boolean } | undefined = () => ({})): Promise<{ port: number; asked: string[]; closed: () => boolean; close: () => void }> {
  const asked: string[] = [];
  const sockets: Socket[] = [];
  let closed = false;
  const server = createServer((socket) => {
    sockets.push(socket);
    const decoder = new Decoder();
    socket.on('data', (chunk) => {
      for (const message of decoder.push(chunk)) {
        asked.push(message.command ?? '');
        const answer = answers(message);
        if (answer) socket.write(encode({ seq: 0, type: 'response', request_seq: message.seq, command: message.command, success: true, ...answer }));
        if (answer && message.command === 'attach') socket.write(encode({ seq: 0, type: 'event', event: 'initialized' }));
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => { closed = true; });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: (server.address() as { port: number }).port, asked, closed: () => closed, close };
}

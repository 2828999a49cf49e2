import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Member } from '../../../src/core/members';
import { askProbe } from '../../../src/insight/probeRequest';
import { startAdapter, type Connection } from '../../../src/debug/connection';
import { findDebugpy } from '../../../src/debug/python/debugpy';
import { closeInspector, openInspector, sampleStacks } from '../../../src/insight/inspector';
import type { Message } from '../../../src/debug/protocol';
import { framesOfText } from '../../../src/debug/stacks/stackTree';
import { observedEnvironment } from '../../../src/launch/environment';
import { originOf } from '../../../src/observe/record/origin';
import { readRun } from '../../../src/observe/record/readRun';
import { createRunDirectory, writeDescription } from '../../../src/observe/record/runDirectory';

const programs = join(__dirname, '../../host/programs');

/** A member that was started without a debugger: which it is, and the top of its stack. */
export interface Case {
  label: string;
  program: string;
  is: (member: Member) => boolean;
  top: RegExp;
}

export const cases: Case[] = [
  { label: 'Python, while True: pass', program: 'debug_states.py', is: ({ name }) => name === 'spinner', top: /^spin:[78]$/ },
  { label: 'Python, Lock.acquire', program: 'debug_states.py', is: ({ name }) => name === 'waiter', top: /^blocked:12$/ },
  { label: 'Python, time.sleep', program: 'debug_states.py', is: ({ name }) => name === 'sleeper', top: /^asleep:16$/ },
  { label: 'Node, for (;;)', program: 'debug_tree.cjs', is: ({ argv }) => argv.includes('busy'), top: /^spin:8$/ },
  { label: 'Node, idle server', program: 'debug_tree.cjs', is: ({ argv }) => argv.includes('idle'), top: /TCPServerWrap/ },
];

async function until<T>(what: string, look: () => T | undefined): Promise<T> {
  for (const end = Date.now() + 30_000; Date.now() < end;) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error(`waited in vain for ${what}`);
}

/** A program that runs observed, and the directory of its run. */
async function running(python: string, { program, is, label }: Case): Promise<{ run: string; root: ChildProcess; member: Member }> {
  const run = realpathSync(mkdtempSync(join(tmpdir(), 'procession-bench-')));
  createRunDirectory(run);
  writeDescription(run, { schema: 'procession.run/1', id: 'bench', command: [program], cwd: '/', startedAt: Date.now(), observer: null, origin: originOf(run) });
  const env = observedEnvironment(process.env, { run, probes: join(__dirname, '../../../dist/probes'), ancestor: '1.1', keepOutput: true });
  const root = spawn(program.endsWith('.py') ? python : process.execPath, [join(programs, program)], { env, stdio: 'ignore' });
  const member = await until(label, () => readRun(run).report.members.find(is));
  // It is where it stays a moment after its first word.
  await new Promise((done) => setTimeout(done, 1_000));
  return { run, root, member };
}

/** One session of debugpy's adapter, spoken to as an editor does. */
class Client {
  readonly #connection: Connection;
  readonly #answers = new Map<number, (message: Message) => void>();
  readonly #events = new Map<string, (message: Message) => void>();
  #seq = 0;

  constructor(adapter: readonly string[]) {
    this.#connection = startAdapter(adapter, process.env, { closed: () => undefined, message: (message) => {
      if (message.type === 'response') this.#answers.get(message.request_seq ?? 0)?.(message);
      else if (message.event !== undefined) this.#events.get(message.event)?.(message);
    } });
  }

  ask(command: string, body: Record<string, unknown> = {}): Promise<Message> {
    const seq = ++this.#seq;
    this.#connection.send({ seq, type: 'request', command, arguments: body });
    return new Promise((done) => this.#answers.set(seq, done));
  }

  event(name: string): Promise<Message> {
    return new Promise((done) => this.#events.set(name, done));
  }

  close(): void {
    this.#connection.close();
  }
}

interface Frames {
  stackFrames: { name: string; line: number }[];
}

async function topOfPython(python: string, run: string, member: Member): Promise<{ top: string; detach: () => Promise<void> }> {
  const { adapter } = await findDebugpy([python], process.env);
  const client = new Client(adapter);
  await client.ask('initialize', { adapterID: 'bench', clientID: 'vscode', pathFormat: 'path', linesStartAt1: true, columnsStartAt1: true });
  const waiting = client.event('debugpyWaitingForServer');
  const initialized = client.event('initialized');
  const attached = client.ask('attach', { name: 'bench', type: 'python', request: 'attach', subProcess: false, listen: { host: '127.0.0.1', port: 0 } });
  const { body } = await waiting;
  await askProbe(run, member, ['attach', String(body?.host), String(body?.port), ''], 15_000);
  await initialized;
  await client.ask('configurationDone');
  await attached;
  const { threads } = (await client.ask('threads')).body as unknown as { threads: { id: number }[] };
  const { stackFrames } = (await client.ask('stackTrace', { threadId: threads[0]?.id, startFrame: 0, levels: 1 })).body as unknown as Frames;
  const [first] = stackFrames;
  return { top: `${first?.name ?? ''}:${first?.line ?? 0}`, detach: async () => {
    await client.ask('disconnect', { terminateDebuggee: false });
    client.close();
  } };
}

async function topOfNode(run: string, member: Member): Promise<{ top: string; detach: () => Promise<void> }> {
  const { address } = await openInspector(run, member);
  const { main: { stack, waits } } = await sampleStacks(address);
  const frame = framesOfText(stack).at(-1);
  return { top: frame ? `${frame.function}:${frame.line}` : waits.join(), detach: () => closeInspector(address) };
}

/** ms from the wish to the stack of a member that runs without a debugger. Throws when the stack is not what it must be, or the member does not outlive it. */
export async function attachTime(python: string, one: Case): Promise<number> {
  const { run, root, member } = await running(python, one);
  try {
    const began = performance.now();
    const { top, detach } = member.runtime === 'python' ? await topOfPython(python, run, member) : await topOfNode(run, member);
    const took = performance.now() - began;
    await detach();
    if (!one.top.test(top)) throw new Error(`${one.label}: the stack begins at ${top}`);
    process.kill(member.pid, 0);
    return took;
  } finally {
    for (const { pid } of readRun(run).report.members) if (pid !== root.pid) kill(pid);
    root.kill('SIGKILL');
    rmSync(run, { recursive: true, force: true, maxRetries: 5 });
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

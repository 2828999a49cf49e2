import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { request } from 'node:http';
import { HumanError, messageOf } from '../core/errors';
import type { ProcessRef } from '../core/events';
import type { Member } from '../core/members';
import { refusal } from '../observe/system/refusal';
import { isSame } from '../observe/system/identity';
import { signalIn } from '../observe/system/signals';

/** Node has a WebSocket of its own from 22 on. */
const socketClass = async (): Promise<typeof WebSocket> => globalThis.WebSocket ?? ((await import('ws')).WebSocket as unknown as typeof WebSocket);

/** The inspector of a running Node process: opened by SIGUSR1, found by the port that the process listens on. */

const step = 20;

/** Ports on which a process listens at a loopback address (Linux: its sockets in `/proc/<pid>/fd` and `/proc/<pid>/net/tcp`). */
function listeningPorts(pid: number): number[] {
  try {
    const sockets = new Set(readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }));
    const rows = readFileSync(`/proc/${pid}/net/tcp`, 'latin1').split('\n').slice(1).map((line) => line.trim().split(/\s+/));
    return rows.flatMap(([, local = '', , state, , , , , , inode = '']) => (state === '0A' && sockets.has(inode) ? [Number.parseInt(local.split(':')[1] ?? '', 16)] : []));
  } catch {
    return [];
  }
}

/** Whether a process has a network of its own (network_namespaces(7)), as in a container: its ports are not those that can be reached from here. */
function isOnOtherNetwork(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`) !== readlinkSync('/proc/self/ns/net');
  } catch {
    return false;
  }
}

/** The address of the inspector at a port; undefined when something else answers there, or nothing within a moment. */
function inspectorAt(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const none = (): void => resolve(undefined);
    // A server of the program's own may say a little now and then, for ever.
    const asked = request({ host: '127.0.0.1', port, path: '/json/list', signal: AbortSignal.timeout(500) }, (response) => {
      let text = '';
      response.on('error', none).setEncoding('utf8').on('data', (chunk: string) => {
        text = (text + chunk).slice(0, 65_536);
      });
      response.on('end', () => {
        try {
          const [target] = JSON.parse(text) as { webSocketDebuggerUrl?: string }[];
          resolve(target?.webSocketDebuggerUrl && `ws://127.0.0.1:${port}/${target.webSocketDebuggerUrl.split('/').at(-1) ?? ''}`);
        } catch {
          resolve(undefined);
        }
      });
    });
    asked.on('error', none);
    asked.end();
  });
}

/** The inspector among some ports. */
async function among(ports: readonly number[]): Promise<string | undefined> {
  return (await Promise.all(ports.map(inspectorAt))).find((address) => address !== undefined);
}

/** ms in which a process opens its inspector, if it is not open yet */
const opening = 500;

/** ms between looks for an inspector that opens too late, and for which it is looked */
const late = { step: 1_000, limit: 600_000 };

/** What ends the looks for inspectors that open too late, by process. */
const awaited = new Map<ProcessRef, AbortController>();

/** Closes the inspector that a process opens later than anybody waits for it: when its synchronous child has ended. */
async function closeLate({ id, pid }: Member, before: readonly number[]): Promise<void> {
  const looking = new AbortController();
  awaited.set(id, looking);
  for (let waited = 0; waited < late.limit && isSame(id); waited += late.step) {
    await new Promise((done) => setTimeout(done, late.step).unref());
    if (looking.signal.aborted) return;
    const address = await among(listeningPorts(pid).filter((port) => !before.includes(port)));
    if (address === undefined || looking.signal.aborted) continue;
    await closeInspector(address);
    break;
  }
  awaited.delete(id);
}

/**
 * Opens the inspector of a member of a run (its directory) that its probe has reported, and gives its address. `opened`: it was closed before. The port that is
 * new is the inspector's: those that the process has are its own servers', which are asked only where no new one comes.
 */
export async function openInspector(run: string, member: Member, timeout = 5_000): Promise<{ address: string; opened: boolean }> {
  const who = `${member.name} (pid ${member.pid})`;
  if (process.platform !== 'linux') throw new HumanError(`Attaching to a running Node process is done on Linux only so far. Start ${who} under the debugger: "debugChildren": "all".`);
  if (isOnOtherNetwork(member.pid)) throw new HumanError(`${who} has a network of its own, so its inspector can't be reached from here. Attach from inside its container.`);
  const before = listeningPorts(member.pid);
  // Asked for once more: one that has come too late is the one that is wanted, and is ours.
  const isOurs = awaited.has(member.id);
  awaited.get(member.id)?.abort();
  awaited.delete(member.id);
  const there = member.argv.some((word) => word.startsWith('--inspect')) ? await among(before) : undefined;
  if (there) return { address: there, opened: false };
  // A process that has not come so far as to run JavaScript would die of it: its probe has spoken, so it has.
  const sent = signalIn(run, member, 'SIGUSR1');
  const refused = refusal(member, 'SIGUSR1', sent);
  if (refused) throw refused;
  let asked = false;
  for (let waited = 0; sent === 'sent' && waited < timeout; waited += step) {
    const address = await among(listeningPorts(member.pid).filter((port) => !before.includes(port)));
    if (address) return { address, opened: true };
    if (waited > opening && !asked) {
      asked = true;
      const known = await among(before);
      if (known) return { address: known, opened: isOurs };
    }
    await new Promise((done) => setTimeout(done, step));
  }
  if (!isSame(member.id)) throw new HumanError(`${who} has ended.`);
  void closeLate(member, before);
  throw new HumanError(`${who} opens no inspector: it is inside a synchronous child call (execSync, spawnSync), handles SIGUSR1 itself, or runs with --disable-sigusr1 or --permission.`);
}

interface Reply {
  id?: number;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { message: string };
}

/** A conversation with the inspector of a process or of one of its threads: Chrome DevTools Protocol. */
export class Talk {
  #last = 0;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  readonly #handlers = new Map<string, (params: never) => void>();

  constructor(private readonly send: (text: string) => void) {}

  ask(method: string, params: Record<string, unknown> = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.#last;
      this.#waiting.set(id, ({ result, error }) => (error ? reject(new Error(error.message)) : resolve(result)));
      this.send(JSON.stringify({ id, method, params }));
    });
  }

  /** `handler` gets the parameters of each event of that name. */
  on<T>(method: string, handler: (params: T) => void): void {
    this.#handlers.set(method, handler);
  }

  receive(text: string): void {
    const { id, method, ...rest } = JSON.parse(text) as Reply;
    if (id !== undefined) this.#waiting.get(id)?.(rest);
    else this.#handlers.get(method ?? '')?.(rest.params as never);
  }
}

/** Speaks with a process by its inspector, busy or not, for `timeout` ms at most. */
export async function speak<T>(address: string, timeout: number, about: (talk: Talk) => Promise<T>): Promise<T> {
  const Socket = await socketClass();
  const socket = new Socket(address);
  const talk = new Talk((text) => socket.send(text));
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(new HumanError('it does not answer: it is in native code that does not return to JavaScript')), timeout);
    const failed = (reason: string): void => {
      clearTimeout(timer);
      reject(new HumanError(reason));
    };
    socket.addEventListener('open', () => void about(talk).then(resolve, reject).finally(() => clearTimeout(timer)));
    socket.addEventListener('message', ({ data }) => talk.receive(String(data)));
    socket.addEventListener('error', () => failed('its inspector refuses the connection'));
    socket.addEventListener('close', () => failed('its inspector has closed the connection'));
  }).finally(() => socket.close());
}

export async function valueOf(talk: Talk, expression: string): Promise<unknown> {
  const { result } = await talk.ask('Runtime.evaluate', { expression, returnByValue: true, includeCommandLineAPI: true, silent: true }) as { result: { value?: unknown } };
  return result.value;
}

/** Evaluates one expression in a process and gives the value. */
export function evaluate(address: string, expression: string, timeout = 2_000): Promise<unknown> {
  return speak(address, timeout, (talk) => valueOf(talk, expression));
}

/** V8 runs it on top of what the process is doing. */
const sample = `(() => {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 100;
  const { stack } = new Error();
  Error.stackTraceLimit = limit;
  return { stack, waits: process.getActiveResourcesInfo?.() ?? [] };
})()`;

/** What a thread is doing, as V8 writes it, and what an idle one waits for. */
export interface StackSample {
  stack: string;
  waits: string[];
}

export async function sampleOf(talk: Talk): Promise<StackSample> {
  const { stack, waits } = await valueOf(talk, sample) as StackSample;
  return { stack, waits: [...new Set(waits.filter((one) => !/^(TTYWrap|PipeWrap)$/.test(one)))] };
}

/**
 * Conversations with the worker threads, by thread id. Node tells of all that live before it answers, those that other threads
 * have started among them, and the main thread passes the words on even while it is busy.
 */
export async function threadsOf(talk: Talk): Promise<Map<number, Talk>> {
  const threads = new Map<number, Talk>();
  const sessions = new Map<string, Talk>();
  talk.on('NodeWorker.attachedToWorker', ({ sessionId, workerInfo }: { sessionId: string; workerInfo: { title: string } }) => {
    const thread = new Talk((message) => void talk.ask('NodeWorker.sendMessageToWorker', { sessionId, message }).catch(() => undefined));
    sessions.set(sessionId, thread);
    // The title is `[worker 3]`, and the thread's name if it has one.
    threads.set(Number(/^\[worker (\d+)\]/.exec(workerInfo.title)?.[1]), thread);
  });
  talk.on('NodeWorker.receivedMessageFromWorker', ({ sessionId, message }: { sessionId: string; message: string }) => sessions.get(sessionId)?.receive(message));
  await talk.ask('NodeWorker.enable', { waitForDebuggerOnStart: false });
  return threads;
}

/** ms that a thread has to answer */
const threadPatience = 1_000;

/** Samples the main thread of a process and its worker threads of these ids; undefined: a thread that does not answer, or is gone. */
export function sampleStacks(address: string, ids: readonly number[] = [], timeout = 4_000): Promise<{ main: StackSample; threads: (StackSample | undefined)[] }> {
  return speak(address, timeout, async (talk) => {
    const main = await sampleOf(talk);
    const threads = ids.length > 0 ? await threadsOf(talk) : new Map<number, Talk>();
    const answer = async (id: number): Promise<StackSample | undefined> => {
      const thread = threads.get(id);
      const late = new Promise<undefined>((done) => setTimeout(() => done(undefined), threadPatience).unref());
      return thread && Promise.race([sampleOf(thread).catch(() => undefined), late]);
    };
    return { main, threads: await Promise.all(ids.map(answer)) };
  });
}

/** Closes an inspector again. It gives no answer: the connection is closed with it. */
export async function closeInspector(address: string): Promise<void> {
  await evaluate(address, 'process._debugEnd()').catch((error: unknown) => void messageOf(error));
}

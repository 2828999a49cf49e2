import { workerThreads } from './builtins';
import { overhear } from './channels';
import { hearsOne, onNextEmit } from './emitter';
import { recordUncaught, watchErrors } from './errors';
import { onExit } from './exit';
import { record } from './journal';
import { quietly } from './quietly';
import type { Frame } from './site';
import { callers, siteOf } from './site';
import { system } from './system';

interface WorkerHandle {
  onexit: unknown;
}

interface Worker {
  threadId: number;
  threadName?: string | null;
  _events?: Record<string | symbol, never>;
}

/** What Node calls a thread that the program gave no name. */
const defaultName = 'WorkerThread';

/** Node sets `onexit` of a thread's handle to null just before the 'exit' event, which tells the code. */
function watchExit(worker: Worker, thread: number): void {
  const key = Object.getOwnPropertySymbols(worker).find(({ description }) => description === 'kHandle');
  const handle = key && (worker as unknown as Record<symbol, WorkerHandle | undefined>)[key];
  if (!handle) return;
  let { onexit } = handle;
  const exited = (code?: number): void => void quietly(() => record({ e: 'thread', thread, state: 'exited', code }));
  Object.defineProperty(handle, 'onexit', {
    configurable: true,
    enumerable: true,
    get: () => onexit,
    set: (value: unknown) => {
      onexit = value;
      if (value !== null) return;
      // The thread itself tells its code too, unless it was terminated.
      if (hearsOne(worker, 'exit')) exited();
      else quietly(() => onNextEmit(worker, 'exit', exited));
    },
  });
}

let asked = false;

/** Notes who is told to end: whoever reads `terminate` of a thread is about to call it. */
function watchTerminate(worker: Worker): void {
  const prototype = Object.getPrototypeOf(worker) as { terminate: unknown };
  if (asked || !Object.hasOwn(prototype, 'terminate')) return;
  asked = true;
  const { terminate } = prototype;
  Object.defineProperty(prototype, 'terminate', {
    configurable: true,
    enumerable: false,
    get(this: Worker) {
      if (this.threadId > 0) quietly(() => record({ e: 'thread', thread: this.threadId, state: 'running', terminated: true }));
      return terminate;
    },
    set(this: Worker, value: unknown) {
      Object.defineProperty(this, 'terminate', { value, configurable: true, writable: true, enumerable: true });
    },
  });
}

const submitted = new WeakSet<Worker>();
let submissionsWatched = false;

/** Notes where the first message to each thread is posted: whoever reads `postMessage` of it is about to call it. */
function watchSubmissions(worker: Worker): void {
  const prototype = Object.getPrototypeOf(worker) as { postMessage: unknown };
  if (submissionsWatched || !Object.hasOwn(prototype, 'postMessage')) return;
  submissionsWatched = true;
  const { postMessage } = prototype;
  const get = function (this: Worker): unknown {
    if (!submitted.has(this)) {
      quietly(() => {
        if (this.threadId > 0) submitted.add(this);
        const site = siteOf(callers(get));
        if (site && this.threadId > 0) record({ e: 'submit', thread: this.threadId, site });
      });
    }
    return postMessage;
  };
  Object.defineProperty(prototype, 'postMessage', {
    configurable: true,
    enumerable: false,
    get,
    set(this: Worker, value: unknown) {
      Object.defineProperty(this, 'postMessage', { value, configurable: true, writable: true, enumerable: true });
    },
  });
}

/** Node's own threads (for module hooks) are none of the program's. */
const isInternal = ({ file, function: name }: Frame): boolean => file === 'node:internal/worker' && name === 'InternalWorker';

/** Observes the worker threads that this thread creates. */
export function watchThreads(inWorker: boolean): void {
  const created = (message: unknown): void => {
    const { worker } = message as { worker: Worker };
    const frames = callers(created);
    if (frames.some(isInternal)) return;
    const { threadId: thread, threadName } = worker;
    const from = inWorker ? workerThreads().threadId : undefined;
    record({ e: 'thread', thread, state: 'running', name: threadName === defaultName ? undefined : threadName || undefined, site: siteOf(frames), from });
    watchExit(worker, thread);
    quietly(() => watchTerminate(worker));
    quietly(() => watchSubmissions(worker));
  };
  overhear('worker_threads', 'node:internal/worker', created);
}

/** What the record calls this thread: its name, else its number. */
function threadName(thread: number): string {
  const { threadName: name } = workerThreads() as { threadName?: string };
  return name === undefined || name === '' || name === defaultName ? `worker thread ${thread}` : name;
}

/** The id that the operating system gives this thread; undefined where `/proc` doesn't tell. */
function systemId(): number | undefined {
  const stat = quietly(() => system.readFileSync('/proc/thread-self/stat', 'utf8'));
  return stat === undefined ? undefined : Number.parseInt(stat, 10);
}

/** Tells, from inside a worker thread, which file it runs, which error ends it, and how it ends. */
export function introduceThread(): void {
  const { threadId: thread } = workerThreads();
  watchErrors();
  // Node puts the file into argv after the preloads.
  process.nextTick(() => quietly(() => {
    const file = process.argv[1];
    record({ e: 'thread', thread, state: 'running', file, tid: systemId() });
  }));
  onExit((code, frames) => {
    if (code !== 0) quietly(() => recordUncaught(threadName(thread)));
    record({ e: 'thread', thread, state: 'exited', code, self: true, exitSite: frames.length > 0 ? siteOf(frames) : undefined });
  }, () => true);
}

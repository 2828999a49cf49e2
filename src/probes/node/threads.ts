import { workerThreads } from './builtins';
import { overhear } from './channels';
import { hearsOne, onNextEmit } from './emitter';
import { onExit } from './exit';
import { record } from './journal';
import { quietly } from './quietly';
import type { Frame } from './site';
import { callers, siteOf } from './site';

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

/** Node's own threads (for module hooks) are none of the program's. */
const isInternal = ({ file, function: name }: Frame): boolean => file === 'node:internal/worker' && name === 'InternalWorker';

/** Observes the worker threads that this thread creates. */
export function watchThreads(): void {
  const created = (message: unknown): void => {
    const { worker } = message as { worker: Worker };
    const frames = callers(created);
    if (frames.some(isInternal)) return;
    const { threadId: thread, threadName } = worker;
    record({ e: 'thread', thread, state: 'running', name: threadName === defaultName ? undefined : threadName || undefined, site: siteOf(frames) });
    watchExit(worker, thread);
  };
  overhear('worker_threads', 'node:internal/worker', created);
}

/** Tells, from inside a worker thread, which file it runs and how it ends. */
export function introduceThread(): void {
  const { threadId: thread } = workerThreads();
  // Node puts the file into argv after the preloads.
  process.nextTick(() => quietly(() => {
    const file = process.argv[1];
    if (file !== undefined) record({ e: 'thread', thread, state: 'running', file });
  }));
  onExit((code) => record({ e: 'thread', thread, state: 'exited', code }), () => true);
}

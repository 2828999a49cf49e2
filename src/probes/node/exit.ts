import { onRead } from './accessor';
import { onNextEmit } from './emitter';
import { quietly } from './quietly';
import type { Frame } from './site';
import { callers } from './site';

/** What Node keeps on `process` for itself. */
export interface Internals {
  _exiting?: boolean;
  _events: Record<string, never>;
  exitCode: number | string | undefined;
}

/** Hears the final code of a process or thread, and the callers of process.exit() if that was called. */
type Say = (code: number, frames: readonly Frame[]) => void;

const internals = process as unknown as Internals;
const resolved = Promise.resolve();
const then = resolved.then.bind(resolved);

/** The code as wait(2) tells it. `process.exitCode` may be a string of digits. */
const exitCode = (): number => Number(internals.exitCode ?? 0) & 0xff;

/** Whether process.exit() is among the callers; it ends by looking up process.reallyExit. */
const isProcessExit = (frames: readonly Frame[]): boolean =>
  frames.some(({ file, function: name }) => file === 'node:internal/process/per_thread' && name !== undefined && name.endsWith('exit'));

/** The program's listeners may still change the code; this arranges for `say` to come after them. */
function afterListeners(reader: () => unknown, say: Say, failed: boolean): void {
  const last = (): void => void quietly(() => say(exitCode(), []));
  const frames = failed ? callers(reader) : [];
  // At the natural end Node emits from native code and then runs the microtasks; after an uncaught
  // exception it emits from JavaScript and runs nothing any more. The second step lets the microtasks
  // of the listeners go first. After process.exit() they don't run, and reallyExit is looked up.
  if (frames.length === 0) void then(() => void then(last));
  else if (!isProcessExit(frames)) onNextEmit(internals, 'exit', last);
}

/** process.emit is looked up on process, which inherits it: the accessor stands on the prototype in between. */
function watchEmit(say: Say, mayHaveFailed: () => boolean): void {
  const prototype = Object.getPrototypeOf(process) as object;
  const inherited = Object.getPrototypeOf(prototype) as { emit: unknown };
  let armed = false;
  const define = (target: object, emit: () => unknown): void => {
    const get = (): unknown => {
      if (internals._exiting && !armed) {
        armed = true;
        quietly(() => afterListeners(get, say, mayHaveFailed()));
      }
      return emit();
    };
    const set = function (this: object, value: unknown): void {
      define(this, () => value);
    };
    Object.defineProperty(target, 'emit', { configurable: true, enumerable: true, get, set });
  };
  define(prototype, () => inherited.emit);
}

/**
 * Calls `say` at the latest point at which this thread's JavaScript knows its exit code. It may be called twice.
 * `mayHaveFailed`: whether the end may come from an uncaught exception.
 */
export function onExit(say: Say, mayHaveFailed: () => boolean): void {
  watchEmit(say, mayHaveFailed);
  onRead(process, 'reallyExit', (reader) => {
    if (internals._exiting) quietly(() => say(exitCode(), callers(reader)));
  });
}

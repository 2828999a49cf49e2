import { inspect, types } from 'util';
import { onNextEmit } from './emitter';
import { record } from './journal';
import { quietly } from './quietly';
import type { Frame } from './site';
import { callers, siteOf } from './site';

interface Internals {
  _exiting?: boolean;
  _events: Record<string, never>;
  exitCode: number | string | undefined;
}

const internals = process as unknown as Internals;
const resourceUsage = process.resourceUsage.bind(process);

/** An uncaught exception. Its stack is read as late as can be: reading it calls the program's own prepareStackTrace. */
let uncaught: { error: unknown } | undefined;
let lastCode: number | undefined;
let armed = false;

function defineAccessor(target: object, key: string, enumerable: boolean, get: () => unknown, set: (this: object, value: unknown) => void): void {
  Object.defineProperty(target, key, { configurable: true, enumerable, get, set });
}

function describeError(error: unknown): { type: string; message: string; traceback: string } {
  if (!types.isNativeError(error)) {
    const text = inspect(error, { customInspect: false, depth: 1 });
    return { type: error === null ? 'null' : typeof error, message: text, traceback: text };
  }
  const { name, message, stack } = error;
  const type = typeof name === 'string' && name !== 'Error' ? name : error.constructor?.name || 'Error';
  return { type, message: String(message), traceback: String(stack) };
}

function recordError(): void {
  if (!uncaught) return;
  const { type, message, traceback } = describeError(uncaught.error);
  uncaught = undefined;
  record({ e: 'error', type, message: message.slice(0, 4000), traceback: traceback.slice(0, 16_000) });
}

/** The code as wait(2) tells it. `process.exitCode` may be a string of digits. */
const exitCode = (fallback: number): number => Number(internals.exitCode ?? fallback) & 0xff;

const isProcessExit = ({ file, function: name }: Frame): boolean => file === 'node:internal/process/per_thread' && (name ?? '').endsWith('exit');

function lastWords(code: number, frames: readonly Frame[]): void {
  if (lastCode === code) return;
  lastCode = code;
  const called = frames.some(isProcessExit);
  const via = called ? 'process.exit' : uncaught ? 'exception' : 'return';
  if (code !== 0) quietly(recordError);
  const { userCPUTime, systemCPUTime, maxRSS } = resourceUsage();
  record({
    e: 'exit',
    code,
    signal: null,
    via,
    site: called ? siteOf(frames) : undefined,
    cpu: (userCPUTime + systemCPUTime) / 1e6,
    rss: maxRSS * 1024,
  });
}

/** process.emit is looked up once more when the program ends, whichever way that comes about. */
function watchExitEvent(): void {
  const prototype = Object.getPrototypeOf(process) as object;
  const inherited = Object.getPrototypeOf(prototype) as { emit: unknown };
  const last = (code: number): void => void quietly(() => lastWords(exitCode(code), callers(last)));
  const arm = (): void => {
    if (armed || !internals._exiting) return;
    armed = true;
    quietly(() => onNextEmit(internals, 'exit', last));
  };
  const define = (target: object, enumerable: boolean, emit: () => unknown): void =>
    defineAccessor(target, 'emit', enumerable, () => (arm(), emit()), function (value) {
      define(this, true, () => value);
    });
  define(prototype, false, () => inherited.emit);
}

/** The end of process.exit(), after the listeners, whose own process.exit() may have changed the code. */
function watchReallyExit(): void {
  const owner = process as unknown as { reallyExit: unknown };
  let { reallyExit } = owner;
  const get = (): unknown => {
    if (internals._exiting) quietly(() => lastWords(exitCode(0), callers(get)));
    return reallyExit;
  };
  defineAccessor(process, 'reallyExit', true, get, (value) => {
    reallyExit = value;
  });
}

/** Node looks this property up when an exception reaches the top, and then emits uncaughtExceptionMonitor. */
function watchUncaught(): void {
  const owner = process as unknown as { _fatalException: unknown };
  let { _fatalException } = owner;
  const monitor = (error: unknown): void => {
    uncaught = { error };
    // Thrown by a listener of 'exit': nothing will be emitted any more.
    if (internals._exiting && process.listenerCount('uncaughtException') === 0) quietly(recordError);
  };
  const get = (): unknown => {
    quietly(() => onNextEmit(internals, 'uncaughtExceptionMonitor', monitor));
    return _fatalException;
  };
  defineAccessor(process, '_fatalException', true, get, (value) => {
    _fatalException = value;
  });
}

/**
 * Observes how the process ends: uncaught exceptions and its last words. All hooks are accessors that
 * Node itself reads, so that no function of the probe stands in the stacks of the program's handlers.
 */
export function watchEndings(): void {
  watchExitEvent();
  watchReallyExit();
  watchUncaught();
}

import { onRead } from './accessor';
import { util } from './builtins';
import { onNextEmit } from './emitter';
import type { Internals } from './exit';
import { record } from './journal';
import { isNative } from './native';
import { quietly } from './quietly';
import { callers } from './site';

const internals = process as unknown as Internals;
const { getOwnPropertyDescriptor, getPrototypeOf } = Object;

let uncaught: { error: unknown } | undefined;

/** A property's value if that can be had without running code of the program. */
function valueOf(object: object, key: string): unknown {
  for (let owner: object | null = object; owner !== null; owner = getPrototypeOf(owner) as object | null) {
    const descriptor: { value?: unknown; get?: () => unknown } | undefined = getOwnPropertyDescriptor(owner, key);
    if (!descriptor) continue;
    // From Node 21 on `stack` is an accessor of V8's own.
    return isNative(descriptor.get) ? (object as Record<string, unknown>)[key] : descriptor.value;
  }
  return undefined;
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The class of an error as its author named it: `name` where it was set, else the constructor's. */
function typeOf(error: Error): string {
  const name = textOf(valueOf(error, 'name'));
  if (name !== undefined && name !== 'Error') return name;
  const constructor = valueOf(error, 'constructor');
  return (typeof constructor === 'function' && textOf(valueOf(constructor, 'name'))) || 'Error';
}

function describe(error: unknown): { type: string; message: string; traceback: string } {
  const { inspect, types } = util();
  if (!types.isNativeError(error) || types.isProxy(error)) {
    const text = inspect(error, { customInspect: false, showProxy: true, depth: 1 });
    return { type: error === null ? 'null' : typeof error, message: text, traceback: text };
  }
  const message = textOf(valueOf(error, 'message'));
  // The first look at a stack makes its head from name and message, which may be accessors of the program.
  const readable = message !== undefined && textOf(valueOf(error, 'name')) !== undefined;
  return { type: typeOf(error), message: message ?? '', traceback: readable ? (textOf(valueOf(error, 'stack')) ?? '') : '' };
}

/** Whether an exception reached the top that has not been recorded. */
export const hasUncaught = (): boolean => uncaught !== undefined;

/**
 * Records the last uncaught exception, if there was one; `thread`: it ends this worker thread only. To be called when no code of the program will run
 * any more: the first look at a stack fixes its text and calls the program's own prepareStackTrace.
 */
export function recordUncaught(thread?: string): void {
  if (!uncaught) return;
  const { type, message, traceback } = describe(uncaught.error);
  uncaught = undefined;
  record({ e: 'error', type, message: message.slice(0, 4000), traceback: traceback.slice(0, 16_000), thread });
}

/** Notices uncaught exceptions: Node looks up process._fatalException and then emits uncaughtExceptionMonitor. */
export function watchErrors(): void {
  const monitor = (error: unknown): void => {
    uncaught = { error };
    // Thrown by a listener of 'exit': nothing will be emitted any more.
    if (internals._exiting && process.listenerCount('uncaughtException') === 0) quietly(recordUncaught);
  };
  // V8 names the frame of that function after the property that holds it, and doesn't look behind accessors.
  const name = '_fatalException';
  (getPrototypeOf(process) as Record<string, unknown>)[name] = (process as unknown as Record<string, unknown>)[name];
  onRead(process, name, (reader) => void quietly(() => {
    // Others look too: whoever copies process, and Node itself for `import process from 'process'`.
    const [by] = callers(reader, 1);
    if (by && (!by.file.startsWith('node:') || by.file.startsWith('node:internal/bootstrap/'))) return;
    onNextEmit(internals, 'uncaughtExceptionMonitor', monitor);
  }));
}

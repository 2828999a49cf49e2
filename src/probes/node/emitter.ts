import { isNative } from './native';
import { callers } from './site';

type Listener = (...args: never[]) => void;
type Slot = Listener | Listener[] | undefined;

/** The part of an EventEmitter that holds its listeners; the same from Node 0.x to 26 (lib/events.js). */
interface Emitter {
  _events?: Record<string | symbol, Slot>;
}

/**
 * Lets `listener` hear the next emission of `type`, after all listeners of the program, without ever
 * being registered: a registered one shows in listenerCount(), eventNames(), newListener events and
 * the warning about too many listeners. For moments in which the emission is about to come. Where the
 * program has exactly one listener, a stack taken in it shows another line of node:events: see `hearsOne`.
 */
export function onNextEmit(emitter: Emitter, type: string, listener: Listener): void {
  const events = emitter._events;
  if (!events) return;
  let own: Slot = events[type];
  const get = (): Slot => {
    // Others look too (on, off, listenerCount), and must find what the program put there.
    const [reader] = callers(get, 1);
    if (reader?.file !== 'node:events' || !reader.function?.endsWith('emit')) return own;
    if (own === undefined) delete events[type];
    else Object.defineProperty(events, type, { value: own, configurable: true, enumerable: true, writable: true });
    if (own === undefined) return listener;
    return typeof own === 'function' ? [own, listener] : [...own, listener];
  };
  Object.defineProperty(events, type, {
    configurable: true,
    enumerable: true,
    get,
    set: (value: Slot) => {
      own = value;
    },
  });
}

/** Whether the program has exactly one listener, which Node calls from another line than those of a list. */
export function hearsOne({ _events }: Emitter, type: string): boolean {
  const listener = _events?.[type];
  // A listener of once() holds the real one; for what awaits an event that is the promise's own resolve().
  return typeof listener === 'function' && !isNative((listener as { listener?: Listener }).listener ?? listener);
}

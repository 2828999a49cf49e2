import { diagnosticsChannel } from './builtins';
import { quietly } from './quietly';
import { callers } from './site';

type Message = Record<string, unknown>;
type Subscriber = (message: Message, name: string) => void;
interface Channel {
  _subscribers?: Subscriber[];
  publish: Subscriber;
}

const { defineProperty, getPrototypeOf } = Object;
const { get } = Reflect;

/**
 * Hears what Node's module `publisher` says on one of its own diagnostics channels, before the program's subscribers, without
 * being one: a program that asks whether anybody subscribes gets the answer that it would get alone. Returns what ends it.
 */
export function overhear(name: string, publisher: string, listener: (message: Message) => void): () => void {
  const channel = diagnosticsChannel().channel(name) as unknown as Channel;
  const hasSubscribers = (): boolean => get(getPrototypeOf(channel) as object, 'hasSubscribers', channel) as boolean;
  // Node looks up `hasSubscribers`, and then `publish` if there are any.
  let asked = false;
  const asks = (): boolean => {
    const [reader] = callers(asks, 1);
    asked = !reader || reader.file === publisher;
    return asked || hasSubscribers();
  };
  const publishes = (): Subscriber => {
    const publish = (getPrototypeOf(channel) as Channel).publish;
    if (!asked) return publish;
    asked = false;
    if (!hasSubscribers()) return (message) => void quietly(() => listener(message));
    // It goes through the list that it finds there, and the program's is back before any of the program's own is called.
    const { _subscribers: subscribers = [] } = channel;
    const first: Subscriber = (message) => {
      channel._subscribers = subscribers;
      quietly(() => listener(message));
    };
    channel._subscribers = [first, ...subscribers];
    return publish;
  };
  defineProperty(channel, 'hasSubscribers', { configurable: true, get: asks });
  defineProperty(channel, 'publish', { configurable: true, get: publishes });
  return () => {
    for (const key of ['hasSubscribers', 'publish']) delete (channel as unknown as Record<string, unknown>)[key];
  };
}

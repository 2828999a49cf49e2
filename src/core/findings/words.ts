import { quoteCommand } from '../describe';
import type { ObjectFact } from '../insight/facts';
import type { Wait } from '../insight/waits';
import type { Finding } from './finding';
import { lineOf, threadName } from './scene';

/** Texts and judgements that several rules share. */

/** `Lock made at main.py:31`, `Queue`. */
export function nameOf(object: ObjectFact | undefined, otherwise = 'lock'): string {
  if (!object) return otherwise;
  const name = object.type.replace(/^_/, '');
  return object.made ? `${name} made at ${lineOf(object.made)}` : name;
}

const verbs: Partial<Record<Wait['kind'], (wait: Wait) => string>> = {
  lock: ({ object, call }) => `waits for ${object || call !== 'threading.Lock' ? `the ${nameOf(object, call === 'lock' ? 'lock' : call)}` : 'a threading.Lock'}`,
  condition: ({ object }) => `waits on the ${nameOf(object, 'Condition')}`,
  event: ({ object }) => `waits for the ${nameOf(object, 'Event')}`,
  barrier: ({ object }) => `waits at the ${nameOf(object, 'Barrier')}`,
  get: ({ object }) => `waits in get() of the ${nameOf(object, 'queue')}`,
  put: ({ object }) => `waits in put() of the full ${nameOf(object, 'queue')}`,
  drain: ({ object }) => `waits in join() of the ${nameOf(object, 'queue')} until all its items are done`,
  feed: ({ object, place }) => `sends what was put into the ${nameOf(object, 'queue')}${place === undefined ? '' : `, and ${place} is full`}`,
  result: ({ call }) => `waits for a ${call === 'Future.result' ? 'Future' : 'result of its pool'}`,
  join: ({ object, thread }) => `waits for the end of ${object?.name ?? `pid ${object?.pid ?? thread.look.pid ?? '?'}`}`,
  thread: ({ object }) => `waits for the end of its thread ${object?.name ?? ''}`.trim(),
  import: ({ object }) => `waits for the import of ${object?.name ?? 'a module'}`,
  proxy: ({ call }) => `waits for its manager to answer ${call}()`,
  receive: ({ place }) => `reads ${place ?? 'a connection'}`,
  send: ({ place }) => `writes to ${place ?? 'a connection'}, which is full`,
  stdin: ({ place }) => `reads its stdin${place === undefined ? '' : ` (${place})`}`,
  loop: () => 'waits in its event loop',
  call: ({ call, subject }) => `is blocked in ${call}(${quoteCommand(subject.call?.argv ?? []).slice(0, 120)})`,
  atomics: () => 'waits in Atomics.wait, without a time limit',
};

/** What a thread waits for: `waits for the Lock made at a.py:8`. */
export const verbOf = (wait: Wait): string => verbs[wait.kind]?.(wait) ?? `waits in ${wait.call}`;

/** What a thread waits for and where, as a fact with its source: `asked: left (4121) waits for the Lock made at a.py:8, at a.py:5`. */
export function factOf(wait: Wait): string {
  const { thread, site } = wait;
  return `${thread.fact ? 'asked' : '/proc'}: ${threadName(thread)} ${verbOf(wait)}${site ? `, at ${lineOf(site)}` : ''}`;
}

/**
 * Whether what a thread waits for is exactly known. An event loop waits for whatever comes, and what a promise or `Atomics.wait` in
 * Node waits for nobody outside knows; a call that blocks is what it is.
 */
export const isExact = ({ subject, kind }: Wait): boolean => kind !== 'loop' && kind !== 'atomics' && (subject.member.runtime !== 'node' || kind === 'call');

/** Proved when one of those who can't go on is in a wait that is exactly known. */
export const certaintyOf = (waits: readonly Wait[]): Finding['certainty'] => (waits.some(isExact) ? 'proved' : 'likely');

/** `1 worker waits`, `3 workers wait`. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

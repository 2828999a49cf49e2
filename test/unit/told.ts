import type { Event, EventType } from '../../src/core/events';
import { membersOf, type Member } from '../../src/core/members';
import { emptyState, reduce } from '../../src/core/state';

/** Small runs for unit tests: the events that a probe, a sampler and a launcher would write, each with what matters to the test. */

type Fields<E extends EventType> = Partial<Omit<Extract<Event, { e: E }>, 'e' | 'id'>>;

/** The first process of the run. */
export const root = '2.100';

const run: Event = { e: 'run', id: '1.1', t: 1, run: 'r', command: ['x'], cwd: '/', host: 'h', platform: 'linux', bootTime: 0, tickMs: 10 };

/** A probe came up. A process `7.150` starts at 1,500 ms by its ticks. */
export const start = (id: string, more: Fields<'start'> = {}): Event => ({ e: 'start', id, t: 2_000, ppid: parseInt(root, 10), runtime: 'python', argv: ['python', 'app.py'], ...more });

export const spawn = (child: string, more: Fields<'spawn'> = {}, by = root): Event => ({ e: 'spawn', id: by, t: 1_900, child, method: 'fork', ...more });

/** The sampler met a process. */
export const seen = (child: string, more: Fields<'seen'> = {}): Event => ({ e: 'seen', id: '1.1', t: 2_000, child, ppid: parseInt(root, 10), ...more });

/** A parent reaped a child: by a code, or by the name of a signal. */
export const reap = (child: string, how: number | string, t = 5_000, by = root): Event => ({
  e: 'reap', id: by, t, child, ...(typeof how === 'number' ? { code: how, signal: null } : { code: null, signal: how }),
});

export const signal = (to: string, name: string, more: Fields<'signal'> = {}, by = root): Event => ({ e: 'signal', id: by, t: 4_900, to, signal: name, ...more });

export const later = (t: number): Event => ({ e: 'problem', id: '1.1', t, kind: 'clock', message: '' });

/** The members of a run whose first process is {@link root}. */
export function membersTold(...events: Event[]): Member[] {
  const told: Event[] = [run, { e: 'root', id: '1.1', t: 1_000, child: root }, start(root, { t: 1_000, ppid: 1, argv: ['python', 'main.py'] }), ...events];
  return membersOf(told.reduce(reduce, emptyState()));
}

/** The one member of that id. */
export function memberTold(id: string, ...events: Event[]): Member {
  const found = membersTold(...events).find((member) => member.id === id);
  if (!found) throw new Error(`no member ${id}`);
  return found;
}

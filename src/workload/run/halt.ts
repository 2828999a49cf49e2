import { plural } from '../../core/describe';
import type { Halt } from '../workload';

/** Parses GNU parallel's `soon|now,fail|success|done=N|N%`; undefined when it is something else. */
export function parseHalt(text: string): Halt | undefined {
  const parts = /^(soon|now),(fail|success|done)=(\d+(?:\.\d+)?)(%?)$/.exec(text);
  if (!parts) return undefined;
  const [, when, on, number, unit] = parts;
  const value = Number(number);
  if (!(value > 0) || (unit === '' && !Number.isInteger(value)) || (unit === '%' && value > 100)) return undefined;
  return { when: when as Halt['when'], on: on as Halt['on'], ...(unit === '%' ? { percent: value } : { count: value }) };
}

/** With a share, nothing is decided before this many tasks have ended (as GNU parallel does). */
const leastForShare = 3;

/** Why the workload is to end now, in words, or undefined. `total` null: not known yet; a share is then of what has ended. */
export function haltReason(halt: Halt | null, { done, failed, total }: { done: number; failed: number; total: number | null }): string | undefined {
  if (!halt) return undefined;
  const ended = done + failed;
  const count = halt.on === 'fail' ? failed : halt.on === 'success' ? done : ended;
  const what = { fail: 'failed', success: 'succeeded', done: 'ended' }[halt.on];
  if (halt.count !== undefined) return count >= halt.count ? `${plural(count, 'task')} ${what}` : undefined;
  if (halt.percent === undefined || ended < leastForShare) return undefined;
  const share = (100 * count) / (halt.on === 'done' ? (total ?? Infinity) : ended);
  return share >= halt.percent ? `${share.toFixed(share < 10 ? 1 : 0)} % of the tasks ${what}` : undefined;
}

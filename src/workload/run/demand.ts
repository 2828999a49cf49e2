import { readdirSync, readFileSync } from 'node:fs';
import { bootClock } from '../../observe/system/identity';
import type { Watched } from './memoryWatch';
import type { Seat } from './seat';

/** What a worker has done since its process started: ms inside tasks, and ms in which its process had a core or stood in line for one. */
export interface Activity {
  inTasks: number;
  onCores: number;
}

/** ms of tasks, of all workers together, that are looked at before anything is decided */
const leastTime = 300;
/** ms without any answer after which a task that waits for another one is thought possible */
const longSilence = 5_000;
/** The share of a core that a measurement may be wrong by: nobody is started for less. */
const doubt = 0.95;

/**
 * How many workers may be there. As many as there are cores from the start; more once the tasks are seen to wait for
 * something else than a core, so many that the cores get busy: one beyond that costs its start and saves nothing.
 */
export class Demand {
  #allowed: number;
  /** undefined: workers have come since, whose start is no work */
  #before: Activity | undefined;

  constructor(private readonly most: number, private readonly cores: number) {
    this.#allowed = Math.min(most, cores);
  }

  get allowed(): number {
    return this.#allowed;
  }

  /** All that are allowed are ready, and others may come. */
  isOpen(ready: number): boolean {
    return this.#allowed < this.most && ready >= this.#allowed;
  }

  /** `activity`: of all workers together; undefined where the system does not tell. `silence`: ms since the last answer. */
  look(activity: Activity | undefined, silence: number): void {
    if (!activity) return this.#allow(this.most);
    const before = (this.#before ??= activity);
    const inTasks = activity.inTasks - before.inTasks;
    if (silence >= longSilence) this.#allow(this.#allowed * 2);
    else if (inTasks >= leastTime) {
      this.#before = activity;
      const share = Math.max(0, activity.onCores - before.onCores) / inTasks;
      this.#allow(Math.round((this.cores / share) * doubt));
    }
  }

  #allow(count: number): void {
    if (count <= this.#allowed) return;
    this.#allowed = Math.min(this.most, count);
    this.#before = undefined;
  }
}

/** What the processes in these seats have done together; undefined where the system does not tell. */
export function activityOf(seats: readonly Seat[], workers: ReadonlyMap<number, Watched>, now: number): Activity | undefined {
  const sum: Activity = { inTasks: 0, onCores: 0 };
  const tickMs = (clock ??= bootClock())?.tickMs;
  for (const seat of seats) {
    const worker = workers.get(seat.number);
    const onCores = worker?.pid === undefined || tickMs === undefined ? undefined : coreTime(worker.pid, tickMs);
    if (onCores === undefined) return undefined;
    const running = seat.outstanding > 0 ? worker?.current() : undefined;
    sum.inTasks += seat.worked / 1000 + (running ? Math.max(0, now - seat.epoch - running.start / 1000) : 0);
    sum.onCores += onCores;
  }
  return sum;
}

let clock: ReturnType<typeof bootClock>;

const read = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return undefined;
  }
};

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/**
 * ms in which a process had a core or stood in line for one, all threads together, and the time on cores of its children
 * that have ended: proc(5), `schedstat` (ns on a core, ns in line) and fields 16 and 17 of `stat`. Undefined where the
 * kernel does not tell.
 */
export function coreTime(pid: number, tickMs: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  const threads = threadsOf(pid).map((thread) => /^(\d+) (\d+) /.exec(read(`/proc/${pid}/task/${thread}/schedstat`) ?? ''));
  if (stat === undefined || !threads.length || threads.every((found) => !found)) return undefined;
  const [children = 0, system = 0] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(13, 15).map(Number);
  return threads.reduce((sum, found) => sum + (Number(found?.[1] ?? 0) + Number(found?.[2] ?? 0)) / 1e6, (children + system) * tickMs);
}

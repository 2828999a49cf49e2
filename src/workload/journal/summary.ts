import { formatSeconds, plural } from '../../core/describe';
import type { Scheduler } from '../run/scheduler';

/** A task by the number of its row, with what it took. */
export interface Slow {
  index: number;
  seconds: number;
}

const keptSlowest = 5;

/** Keeps the longest of all tasks. */
export class Slowest {
  readonly tasks: Slow[] = [];

  add(index: number, microseconds: number): void {
    const seconds = microseconds / 1e6;
    const last = this.tasks[keptSlowest - 1];
    if (last && last.seconds >= seconds) return;
    const at = this.tasks.findIndex((task) => task.seconds < seconds);
    this.tasks.splice(at === -1 ? this.tasks.length : at, 0, { index, seconds });
    this.tasks.length = Math.min(this.tasks.length, keptSlowest);
  }
}

/** Where the time went. Seconds. */
export interface Summary {
  /** tasks that ended in this run, and results that were there before, of which the rest tells nothing */
  tasks: number;
  earlier: number;
  wall: number;
  workers: number;
  /** in the user's own code, all workers together */
  work: number;
  /** how much faster than one worker, and the share of the workers' time that was work */
  speedUp: number;
  efficiency: number;
  lost: { startUp: number; waiting: number; serialization: number; imbalance: number };
  /** the longest tasks first; at most {@link keptSlowest} */
  slowest: Slow[];
  advice: string[];
}

/** What the scheduler knows when all is over. Times in ms. */
export function summaryOf(scheduler: Pick<Scheduler, 'seats' | 'work' | 'lastDone' | 'count'>, slowest: Slowest, earlier: number, startedAt: number, now: number): Summary {
  const wall = (now - startedAt) / 1000;
  const used = scheduler.seats.filter((seat) => seat.restarts >= 0);
  const workers = used.length;
  const sum = (of: (seat: (typeof used)[number]) => number): number => used.reduce((total, seat) => total + of(seat), 0) / 1000;
  const work = scheduler.work / 1e6;
  const startUp = sum((seat) => seat.spent.starting);
  const waiting = sum((seat) => seat.spent.idle);
  // From a worker's last answer on, it had nothing to do while others still worked.
  const imbalance = sum((seat) => (seat.state === 'starting' ? 0 : Math.max(0, scheduler.lastDone - seat.since)));
  const available = Math.max(wall * workers, 1e-9);
  const serialization = Math.max(0, available - work - startUp - waiting - imbalance);
  const lost = { startUp, waiting, serialization, imbalance };
  const { done, failed } = scheduler.count;
  return { tasks: done + failed, earlier, wall, workers, work, speedUp: work / Math.max(wall, 1e-9), efficiency: Math.min(1, work / available), lost, slowest: slowest.tasks, advice: adviceOf(lost, available) };
}

/** Seconds of all workers together. */
const worthAdvice = 4;

/** What to change, for each loss above a tenth. */
function adviceOf(lost: Summary['lost'], available: number): string[] {
  // Where all is over in a moment, nothing is worth a change.
  const big = (part: number): boolean => part > available / 10 && available > worthAdvice;
  return [
    ...(big(lost.startUp) ? ['Start-up took a good part: import less at the top of the file, or give each run more rows.'] : []),
    ...(big(lost.serialization) ? ['Passing rows and results took a good part: pass names of files instead of their content, or do more in one task.'] : []),
    ...(big(lost.imbalance) ? ['Some workers had nothing left to do at the end: split the longest tasks. A re-run starts them first.'] : []),
    ...(big(lost.waiting) ? ['Workers waited for rows or for memory: see "memory.startWhenFree", and how fast the rows can be read.'] : []),
  ];
}

/** The summary as lines for a person. */
export function describeSummary(summary: Summary): string[] {
  const { tasks, earlier, wall, workers, work, speedUp, efficiency, lost, slowest, advice } = summary;
  const parts = Object.entries({ 'start-up': lost.startUp, 'waiting': lost.waiting, 'serialization': lost.serialization, 'imbalance': lost.imbalance });
  const count = (number: number): string => number.toLocaleString('en-US');
  return [
    ...(earlier ? [`of the ${count(tasks)} row${tasks === 1 ? '' : 's'} that this run added to ${count(earlier)} results of before:`] : []),
    `${formatSeconds(wall)} on ${plural(workers, 'worker')}: ${formatSeconds(work)} of work, ${speedUp.toFixed(2)} × one worker, efficiency ${Math.round(efficiency * 100)} %`,
    `lost: ${parts.map(([name, seconds]) => `${name} ${formatSeconds(seconds)}`).join(', ')}`,
    ...(slowest.length ? [`slowest: ${slowest.map(({ index, seconds }) => `row ${index} ${formatSeconds(seconds)}`).join(', ')}`] : []),
    ...advice,
  ];
}

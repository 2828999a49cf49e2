import { formatBytes, plural } from '../../core/describe';
import { footprintAbove } from './footprint';
import type { Scheduler } from './scheduler';
import type { Seat } from './seat';
import type { SlotContent } from '../task';

/** Where the watch finds a worker's process and the task that it runs. */
export interface Watched {
  readonly pid: number | undefined;
  current: () => SlotContent['current'];
}

/** Keeps each worker, with all that its tasks have started, within `memory.perWorker`. */
export class MemoryWatch {
  constructor(private readonly limit: number, private readonly scheduler: Pick<Scheduler, 'seats' | 'condemn' | 'replace' | 'refuse'>) {}

  /** Ends the task of each worker that has taken too much; to be called often. */
  look(workers: ReadonlyMap<number, Watched>, now: number): void {
    for (const seat of this.scheduler.seats) {
      const worker = workers.get(seat.number);
      if (worker?.pid === undefined || seat.state === 'empty' || seat.ending !== undefined) continue;
      const bytes = footprintAbove(this.limit, worker.pid);
      if (bytes !== undefined) this.#end(seat, worker.current(), bytes, now);
    }
  }

  #end(seat: Seat, running: SlotContent['current'], bytes: number, now: number): void {
    const taken = `${formatBytes(bytes)}, more than memory.perWorker (${formatBytes(this.limit)})`;
    const task = running && seat.task(running.sequence);
    const before = seat.answeredHere;
    if (task) {
      const hint = before > 0 ? ` The worker had run ${plural(before, 'task')} before it: if they leave something behind, see maxTasksPerWorker` : '';
      this.scheduler.condemn(seat, running.sequence, { type: 'MemoryLimit', message: `row ${task.index} was ended: worker ${seat.number} had taken ${taken}.${hint}` }, 'memory');
    } else if (before > 0) this.scheduler.replace(seat);
    else this.scheduler.refuse(`A worker takes ${taken}, before its first task. Raise the limit, or import less.`, now);
  }
}

import type { WorkerProgress } from '../protocol';
import type { Seat } from './seat';
import type { WorkerHandle } from '../task';

/** What is told of a worker in a frame of the progress; `worker` is the process in its place, if there is one. */
export function workerProgress(seat: Seat, worker: WorkerHandle | undefined): WorkerProgress {
  const running = seat.outstanding > 0 ? worker?.current() : undefined;
  const task = running && seat.task(running.sequence);
  const place = task && worker?.place?.();
  return {
    number: seat.number, pid: worker?.pid ?? null, done: seat.done, restarts: Math.max(0, seat.restarts),
    state: seat.state === 'empty' ? 'ended' : seat.state === 'starting' ? 'starting' : seat.outstanding > 0 ? 'busy' : 'idle',
    row: task && running ? { index: task.index, text: task.row.slice(0, 200), since: seat.epoch + running.start / 1000 } : null,
    ...(place === undefined ? {} : { place }),
  };
}

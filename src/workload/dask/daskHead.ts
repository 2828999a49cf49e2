import type { Ending } from '../../core/events';
import { parsed } from '../../core/json';
import { WorkerProcess, type Refused, type WorkerCallbacks, type WorkerLaunch } from '../run/workerProcess';
import type { SlotContent, WorkerHandle, ClusterMember } from '../task';

/** What the head says beside answers. Times in µs since it was ready. */
type HeadLine =
  | { member: ClusterMember }
  | { gone: string[] }
  | { running: { address: string; tasks: [seat: number, sequence: number, start: number][] } };

type Running = NonNullable<SlotContent['current']> & { address: string };

/**
 * One process that hands batches on to a Dask cluster, and as many workers as the cluster has threads: to the scheduler
 * each looks like any other worker.
 */
export class DaskHead {
  readonly #process: WorkerProcess;
  /** by a number that no other seat ever has: what comes late is for nobody */
  readonly #seats = new Map<number, WorkerCallbacks>();
  #seatCount = 0;
  /** by the seat: the task that a worker of the cluster runs for it */
  readonly #running = new Map<number, Running>();
  #ready: Parameters<WorkerCallbacks['ready']>[0] | undefined;
  #refused: Refused | undefined;
  #gone: Ending | undefined;
  readonly #members = new Map<string, ClusterMember>();
  /** threads of the cluster, once it has answered */
  readonly slots: Promise<number>;

  constructor(launch: WorkerLaunch, slot: string, log: string) {
    let answered: (slots: number) => void = () => undefined;
    this.slots = new Promise((resolve) => (answered = resolve));
    this.#process = new WorkerProcess(launch, slot, log, {
      ready: (facts) => {
        this.#ready = facts;
        answered(Math.max(1, (facts as { slots?: number }).slots ?? 1));
      },
      refused: (why) => {
        this.#refused = why;
        answered(1);
      },
      answers: (lines) => this.#sort(lines),
      ended: (ending) => {
        this.#gone = ending;
        answered(1);
        for (const seat of [...this.#seats.keys()]) this.#leave(seat, ending);
      },
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get gone(): Promise<void> {
    return this.#process.gone;
  }

  /** The workers that the cluster has now. */
  get members(): ClusterMember[] {
    return [...this.#members.values()];
  }

  #sort(lines: string[]): void {
    const sorted = new Map<number, string[]>();
    for (const line of lines) {
      if (line.startsWith('{')) {
        this.#hear(line);
        continue;
      }
      const space = line.indexOf(' ');
      const seat = Number(line.slice(0, space));
      if (!Number.isInteger(seat)) this.#garbled();
      const answers = sorted.get(seat) ?? [];
      answers.push(line.slice(space + 1));
      sorted.set(seat, answers);
    }
    for (const [seat, answers] of sorted) this.#seats.get(seat)?.answers(answers);
  }

  #hear(line: string): void {
    const said = parsed<HeadLine>(line);
    if (!said) this.#garbled();
    else if ('member' in said) this.#members.set(said.member.address, said.member);
    else if ('gone' in said) {
      for (const address of said.gone) {
        this.#members.delete(address);
        this.#forget(address);
      }
    } else {
      const { address, tasks } = said.running;
      this.#forget(address);
      for (const [seat, sequence, start] of tasks) this.#running.set(seat, { sequence, start, address });
    }
  }

  /** What the head says can't be relied on any more: without it, nobody waits for an answer that was lost. */
  #garbled(): void {
    this.#process.kill(0);
  }

  #forget(address: string): void {
    for (const [seat, running] of this.#running) if (running.address === address) this.#running.delete(seat);
  }

  #leave(seat: number, ending: Ending): void {
    const callbacks = this.#seats.get(seat);
    const current = this.#running.get(seat);
    this.#seats.delete(seat);
    this.#running.delete(seat);
    callbacks?.ended(ending, { lines: [], current });
  }

  /** A worker of the runner. Its callbacks come later, never at once. */
  open(callbacks: WorkerCallbacks): WorkerHandle {
    const seat = ++this.#seatCount;
    this.#seats.set(seat, callbacks);
    setImmediate(() => {
      if (this.#refused) callbacks.refused(this.#refused);
      if (this.#gone) this.#leave(seat, this.#gone);
      else if (this.#ready) callbacks.ready(this.#ready);
    });
    const leave = (signal: string | null): void => {
      if (signal !== null) this.#process.send(`${seat} -`);
      setImmediate(() => this.#leave(seat, { code: signal === null ? 0 : null, signal }));
    };
    return {
      pid: this.#process.pid,
      send: (line) => this.#process.send(`${seat} ${line}`),
      close: () => leave(null),
      kill: () => leave('SIGTERM'),
      spare: () => undefined,
      current: () => this.#running.get(seat),
      place: () => this.#running.get(seat)?.address,
    };
  }

  /** Resolves when the head has ended; it is killed if it does not. */
  async close(grace: number): Promise<void> {
    this.#process.close();
    const end = Date.now() + 5000;
    let asked = false;
    while (!this.#gone) {
      if (!asked && Date.now() > end) {
        asked = true;
        this.#process.kill(grace);
      }
      await new Promise((next) => setTimeout(next, 20));
    }
  }
}

import type { Ending } from '../core/events';
import type { SlotContent } from './answers';
import { WorkerProcess, type Refused, type WorkerCallbacks, type WorkerLaunch } from './workerProcess';

/** What the runner needs of a worker, whatever is behind it. */
export interface WorkerHandle {
  readonly pid: number | undefined;
  send: (line: string) => void;
  close: () => void;
  kill: (grace: number) => void;
  spare: () => void;
  current: () => SlotContent['current'];
}

/** A worker of the cluster, as its own plugin reports it. */
export interface ClusterMember {
  pid: number;
  start: string | null;
  host: string;
  name: string;
  address: string;
}

const nothing: SlotContent = { lines: [], current: undefined };

/**
 * One process that hands batches on to a Dask cluster, and as many workers as the cluster has threads: to the scheduler
 * each looks like any other worker.
 */
export class DaskHead {
  readonly #process: WorkerProcess;
  readonly #seats = new Map<number, WorkerCallbacks>();
  #ready: Parameters<WorkerCallbacks['ready']>[0] | undefined;
  #refused: Refused | undefined;
  #gone: Ending | undefined;
  readonly #members: ClusterMember[] = [];
  #onMember: ((member: ClusterMember) => void) | undefined;
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
        for (const number of [...this.#seats.keys()]) this.#leave(number, ending);
      },
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  #sort(lines: string[]): void {
    const sorted = new Map<number, string[]>();
    for (const line of lines) {
      if (line.startsWith('{')) {
        const { member } = JSON.parse(line) as { member: ClusterMember };
        this.#members.push(member);
        this.#onMember?.(member);
        continue;
      }
      const space = line.indexOf(' ');
      const number = Number(line.slice(0, space));
      const answers = sorted.get(number) ?? [];
      answers.push(line.slice(space + 1));
      sorted.set(number, answers);
    }
    for (const [number, answers] of sorted) this.#seats.get(number)?.answers(answers);
  }

  #leave(number: number, ending: Ending): void {
    const callbacks = this.#seats.get(number);
    this.#seats.delete(number);
    callbacks?.ended(ending, nothing);
  }

  /** Tells of each worker of the cluster, those that are known already first. */
  followMembers(use: (member: ClusterMember) => void): void {
    for (const member of this.#members) use(member);
    this.#onMember = use;
  }

  /** A worker of the runner. Its callbacks come later, never at once. */
  open(number: number, callbacks: WorkerCallbacks): WorkerHandle {
    this.#seats.set(number, callbacks);
    setImmediate(() => {
      if (this.#refused) callbacks.refused(this.#refused);
      if (this.#gone) this.#leave(number, this.#gone);
      else if (this.#ready) callbacks.ready(this.#ready);
    });
    const leave = (signal: string | null): void => {
      if (signal !== null) this.#process.send(`${number} -`);
      setImmediate(() => this.#leave(number, { code: signal === null ? 0 : null, signal }));
    };
    return {
      pid: this.#process.pid,
      send: (line) => this.#process.send(`${number} ${line}`),
      close: () => leave(null),
      kill: () => leave('SIGTERM'),
      spare: () => undefined,
      current: () => undefined,
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

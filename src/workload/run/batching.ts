/** How many tasks go to a worker at once, and how many batches lie ahead of it. */

/** A batch should last this long, in ms: the cost of a message vanishes and a stop or an end still comes at once. */
const target = 50;
/** Above this task length (ms) a second batch in the pipe gains nothing, and a long task could hold it back. */
const longTask = 5;
/** The weight of the newest batch in the smoothed task time. */
const weight = 0.3;
const largest = 10_000;
/** Characters of rows in one message. */
export const largestMessage = 1 << 20;

export class Batching {
  #average: number | undefined;

  constructor(private fixed: 'auto' | number) {}

  /** From now on no worker has more than one task. */
  singly(): void {
    this.fixed = 1;
  }

  /** `count` tasks took `milliseconds` together. */
  measured(milliseconds: number, count: number): void {
    const each = milliseconds / count;
    this.#average = this.#average === undefined ? each : this.#average + weight * (each - this.#average);
  }

  /** Smoothed length of a task in ms; undefined before the first has ended. */
  get average(): number | undefined {
    return this.#average;
  }

  get window(): number {
    return this.fixed === 1 || this.#average === undefined || this.#average > longTask ? 1 : 2;
  }

  /** Tasks for the next batch of one of so many workers. `remaining` null: unknown, many; `read`: those of them that are here, so that no worker takes what the others wait for. */
  size(remaining: number | null, read: number, workers: number): number {
    if (this.fixed !== 'auto') return this.fixed;
    if (this.#average === undefined) return 1;
    const fair = remaining === null ? largest : Math.ceil(remaining / (2 * workers * this.window));
    return Math.max(1, Math.min(Math.floor(target / Math.max(this.#average, 1e-4)), fair, Math.ceil(read / workers), largest));
  }

  /** Whether a batch whose tasks are expected to take so long (ms, by an earlier run) is full. */
  static isFull(expected: number): boolean {
    return expected >= target;
  }
}

/** Keeps the last durations (µs) and tells their median: the measure for `timeout: "300%"`. */
export class Durations {
  readonly #kept = new Float64Array(1001);
  #count = 0;
  #median: number | undefined;

  add(microseconds: number): void {
    this.#kept[this.#count++ % this.#kept.length] = microseconds;
    this.#median = undefined;
  }

  /** Undefined before three tasks have ended. */
  get median(): number | undefined {
    if (this.#count < 3) return undefined;
    if (this.#median === undefined) {
      const sorted = this.#kept.slice(0, Math.min(this.#count, this.#kept.length)).sort();
      this.#median = sorted[Math.floor(sorted.length / 2)];
    }
    return this.#median;
  }
}

/** A task that is younger than this (ms) is never late by the median: trivial tasks vary by more than threefold. */
const leastByMedian = 1000;

/** Milliseconds that a task may take; undefined: as long as it likes. */
export function timeLimit(timeout: { seconds: number } | { percent: number } | null, durations: Durations): number | undefined {
  if (!timeout) return undefined;
  if ('seconds' in timeout) return timeout.seconds * 1000;
  const { median } = durations;
  return median === undefined ? undefined : Math.max(leastByMedian, (median / 1000) * (timeout.percent / 100));
}

/** Tasks a second of late, and what is left by it. The clock is ms and comes from outside. */
export class Rate {
  #count = 0;
  #points: [time: number, count: number][];

  constructor(now: number) {
    this.#points = [[now, 0]];
  }

  add(count: number): void {
    this.#count += count;
  }

  /** Over the last five seconds. */
  at(now: number): number {
    const newest = this.#points.at(-1);
    if (!newest || now - newest[0] >= 100) this.#points.push([now, this.#count]);
    while ((this.#points[1]?.[0] ?? Infinity) < now - 5000) this.#points.shift();
    const [time, count] = this.#points[0] ?? [now, 0];
    return now > time ? ((this.#count - count) * 1000) / (now - time) : 0;
  }

  /** Seconds until `remaining` more tasks have ended; null where it can't be told. */
  eta(remaining: number | null, now: number): number | null {
    const rate = this.at(now);
    return remaining === null || rate === 0 ? null : remaining / rate;
  }
}

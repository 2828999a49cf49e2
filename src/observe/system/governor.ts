/** How much of one core looking at a run may cost. */
export interface Shares {
  membership: number;
  numbers: number;
}

const remembered = 9;
/** The first looks run code that is not compiled yet, and meet a program that is just starting: they say nothing of the cost. */
const warmUp = 5;
/** However dear a look is, one comes at least this often, in ms. */
const longest = 5_000;
/** Numbers of many members are read in slices of this length, in ms, so that the sampler never holds up its process. */
const sliceLength = 2;

/**
 * Stretches the sampler's intervals so that its cost stays within a share of one core, from what the last looks took.
 * Intervals are ms, costs ms of CPU. A look's cost is the median of the last ones, so that a burst of new processes
 * does not count for long.
 */
export class Governor {
  private readonly looks: number[] = [];
  private warm = 0;
  private perMember = 0.005;

  /** A look for members took `cost`. */
  looked(cost: number): void {
    if (this.warm++ < warmUp) return;
    this.looks.push(cost);
    if (this.looks.length > remembered) this.looks.shift();
  }

  /** Reading the numbers of `count` members took `cost`. */
  read(cost: number, count: number): void {
    if (count > 0) this.perMember += (Math.min(cost / count, 0.1) - this.perMember) / 8;
  }

  /** How long to wait for the next look. */
  interval(wanted: number, shares: Shares): number {
    const sorted = [...this.looks].sort((a, b) => a - b);
    return Math.max(wanted, Math.min(longest, (sorted[sorted.length >> 1] ?? 0) / shares.membership));
  }

  /** How many of `live` members to read at once, and how long to wait until the next ones, if all are `wanted` in that time. */
  slice(live: number, wanted: number, shares: Shares): { count: number; pause: number } {
    if (live === 0) return { count: 0, pause: wanted };
    const round = Math.max(wanted, (live * this.perMember) / shares.numbers);
    const count = Math.min(live, Math.max(1, Math.floor(sliceLength / Math.max(this.perMember, 1e-4))));
    return { count, pause: (round * count) / live };
  }
}

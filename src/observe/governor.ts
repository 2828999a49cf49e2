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
/** Numbers are read in slices of at least this many members: smaller ones cost more in cold caches than they spread. */
const smallestSlice = 64;

/**
 * Stretches the sampler's intervals so that its cost stays within a share of one core, from what the last looks took.
 * Times in ms. A look's cost is the median of the last ones, so that neither a burst of new processes
 * nor a moment off the CPU counts for long.
 */
export class Governor {
  private readonly looks: number[] = [];
  private warm = 0;
  private perMember = 0.005;
  private credit = Infinity;

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

  /** How many of `live` members to read, when `elapsed` passed since this was last asked: 0 until a slice is worth it. */
  slice(live: number, elapsed: number, wanted: number, shares: Shares): number {
    const round = Math.max(wanted, (live * this.perMember) / shares.numbers);
    this.credit = Math.min(live, this.credit + (live * elapsed) / round);
    if (this.credit < Math.min(live, smallestSlice) - 1e-6) return 0;
    const count = Math.floor(this.credit + 1e-6);
    this.credit -= count;
    return count;
  }
}

/** Timers and a monotonic clock, in ms. */
export interface Timers {
  now(): number;
  set(callback: () => void, ms: number): unknown;
  clear(timer: unknown): void;
}

const systemTimers: Timers = { now: () => performance.now(), set: (callback, ms) => setTimeout(callback, ms), clear: (timer) => clearTimeout(timer as NodeJS.Timeout) };

/**
 * VS Code refreshes a tree when 200 ms have passed without an event (a debounce with a leading edge, in
 * `extHostTreeViews.ts`): a tree whose events come closer together stands still for as long as they come. Farther apart,
 * each is served at once. In ms.
 */
const gap = 250;
/** A refresh that VS Code has not begun after this time is lost, or waits for a window that is busy. In ms. */
const patience = 1_000;
/** How long the tree rests for each row that was drawn, beyond those that cost next to nothing, in ms. */
const restOfRow = 2;
const rowsForFree = 60;
const longestRest = 3_000;

/**
 * Has what has changed drawn, and returns how many rows VS Code fetches for that; 0 when nothing was to be drawn.
 * `lost`: VS Code has not begun what it was told last.
 */
export type Draw = (lost: boolean) => number;

/** Decides when a tree is drawn: at once after a change, but never faster than VS Code follows, and the more seldom the bigger it is. */
export class Redraws {
  #openAt = -Infinity;
  #timer: unknown;
  #requested = false;
  /** what VS Code was told to draw and has not begun */
  #awaited: { since: number; rows: number } | undefined;

  constructor(private readonly draw: Draw, private readonly timers: Timers = systemTimers) {}

  /** Something may look different now. */
  request(): void {
    this.#requested = true;
    if (this.#timer === undefined) this.#schedule();
  }

  /** VS Code has begun to fetch what it was told to draw. */
  begun(): void {
    if (!this.#awaited) return;
    const { since, rows } = this.#awaited;
    this.#awaited = undefined;
    this.#openAt = since + Math.max(gap, Math.min(longestRest, (rows - rowsForFree) * restOfRow));
    this.#cancel();
    if (this.#requested) this.#schedule();
  }

  #schedule(): void {
    this.#timer = this.timers.set(() => this.#turn(), Math.max(0, this.#openAt - this.timers.now()));
  }

  #turn(): void {
    this.#timer = undefined;
    this.#requested = false;
    const since = this.timers.now();
    const rows = this.draw(this.#awaited !== undefined);
    this.#awaited = rows > 0 ? { since, rows } : undefined;
    this.#openAt = since + (rows > 0 ? patience : gap);
    // Nothing may change any more, and what was lost would stay on the screen.
    if (this.#awaited && this.#timer === undefined) this.#schedule();
  }

  #cancel(): void {
    if (this.#timer !== undefined) this.timers.clear(this.#timer);
    this.#timer = undefined;
  }

  dispose(): void {
    this.#cancel();
  }
}

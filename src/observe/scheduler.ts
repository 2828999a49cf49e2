import { Governor } from './governor';
import type { TreeSampler } from './sampler';

/** `visible`: somebody watches. `hidden`: keep the record complete at a tenth of the cost. */
export type Mode = 'visible' | 'hidden';

export interface Timers {
  set: (callback: () => void, ms: number) => NodeJS.Timeout | number;
  clear: (timer: NodeJS.Timeout | number) => void;
}

export interface ScheduleOptions {
  mode?: Mode;
  /** wanted time between looks in ms, instead of the sampler's own pace */
  pace?: Partial<TreeSampler['pace']>;
  /** called once each time that no member lives any longer; the schedule has stopped then */
  onEmpty?: () => void;
  timers?: Timers;
  /** ms, monotonic */
  clock?: () => number;
}

const shares = { visible: { membership: 0.003, numbers: 0.004 }, hidden: { membership: 0.0003, numbers: 0.0004 } };
/** A hidden run is looked at once a second after a change, and ever more seldom while nothing changes. In ms. */
const hiddenFrom = 1_000;
const hiddenTo = 5_000;
const slower = 1.5;

const systemTimers: Timers = { set: (callback, ms) => setTimeout(callback, ms), clear: (timer) => clearTimeout(timer) };

/** Decides when a sampler looks. Nothing is scheduled while no member lives. */
export class SamplerSchedule {
  private readonly governor = new Governor();
  private readonly timers: Timers;
  private readonly clock: () => number;
  private readonly pace: TreeSampler['pace'];
  private mode: Mode;
  private timer: NodeJS.Timeout | number | undefined;
  private running = false;
  private looking = false;
  private wasEmpty = false;
  private hiddenPace = hiddenFrom;
  private lastNumbers: number;
  private lastRevision = -1;

  constructor(private readonly sampler: TreeSampler, private readonly options: ScheduleOptions = {}) {
    this.timers = options.timers ?? systemTimers;
    this.clock = options.clock ?? (() => performance.now());
    this.mode = options.mode ?? 'visible';
    this.pace = { ...sampler.pace, ...options.pace };
    this.lastNumbers = this.clock();
  }

  /** Starts to look, or goes on after it stopped (a probe told of a new process); does nothing while it is looking. */
  start(): void {
    if (this.running) return;
    this.running = true;
    this.tick();
  }

  setMode(mode: Mode): void {
    if (mode === this.mode) return;
    this.mode = mode;
    this.hiddenPace = hiddenFrom;
    if (this.running && !this.looking) this.tick();
  }

  stop(): void {
    this.running = false;
    this.clearTimer();
  }

  private clearTimer(): void {
    if (this.timer !== undefined) this.timers.clear(this.timer);
    this.timer = undefined;
  }

  private tick(): void {
    this.clearTimer();
    this.looking = true;
    this.wasEmpty = this.sampler.live === 0;
    const began = this.clock();
    const look = this.sampler.membership();
    if (look === undefined) this.looked(this.clock() - began);
    // A look that starts a program costs that program's time, not the time that we wait for it.
    else void look.finally(() => this.looked(0));
  }

  private looked(cost: number): void {
    this.looking = false;
    if (!this.running) return;
    this.governor.looked(cost);
    this.readNumbers();
    // Only a look that began without members proves that none is left: the last one may have left orphans.
    if (this.sampler.live > 0 || !this.wasEmpty) this.timer = this.timers.set(() => this.tick(), this.nextInterval());
    else {
      this.running = false;
      this.options.onEmpty?.();
    }
  }

  private readNumbers(): void {
    const now = this.clock();
    const count = this.governor.slice(this.sampler.live, now - this.lastNumbers, this.pace.numbers, shares[this.mode]);
    this.lastNumbers = now;
    if (count === 0) return;
    this.sampler.numbers(count);
    this.governor.read(this.clock() - now, count);
  }

  private nextInterval(): number {
    const changed = this.sampler.revision !== this.lastRevision;
    this.lastRevision = this.sampler.revision;
    if (this.mode === 'visible') return this.governor.interval(this.pace.membership, shares.visible);
    this.hiddenPace = changed ? hiddenFrom : Math.min(hiddenTo, this.hiddenPace * slower);
    return this.governor.interval(Math.max(this.pace.membership, this.hiddenPace), shares.hidden);
  }
}

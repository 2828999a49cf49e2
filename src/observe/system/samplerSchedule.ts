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
  /** Time between looks in ms while visible, instead of the sampler's own pace. Whoever names a time gets it, whatever a look costs. */
  pace?: Partial<TreeSampler['pace']>;
  /** called once each time that no member lives any longer; the schedule has stopped then */
  onEmpty?: () => void;
  timers?: Timers;
  /** ms, monotonic */
  clock?: () => number;
  /** ms of CPU that this process has used */
  cpu?: () => number;
}

const shares = { visible: { membership: 0.003, numbers: 0.004 }, hidden: { membership: 0.0003, numbers: 0.0004 } };
/** A hidden run is looked at once a second after a change, and ever more seldom while nothing changes. In ms. */
const hiddenFrom = 1_000;
const hiddenTo = 5_000;
const slower = 1.5;
/** Time between the moments in which a crowd of new members is described, in ms. It is done once, so no share limits it. */
const detailsEvery = 50;
/** What is due so soon is done now, in ms: it spares the process another awakening. */
const together = 10;

const systemTimers: Timers = { set: (callback, ms) => setTimeout(callback, ms), clear: (timer) => clearTimeout(timer) };

const cpuTime = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Decides when a sampler looks. Nothing is scheduled while no member lives. */
export class SamplerSchedule {
  private readonly governor = new Governor();
  private readonly timers: Timers;
  private readonly clock: () => number;
  private readonly cpu: () => number;
  private readonly pace: TreeSampler['pace'];
  private mode: Mode;
  private timer: NodeJS.Timeout | number | undefined;
  private running = false;
  private looking = false;
  private hiddenPace = hiddenFrom;
  private lookAt = 0;
  private numbersAt = 0;
  private lastRevision = -1;

  constructor(private readonly sampler: TreeSampler, private readonly options: ScheduleOptions = {}) {
    this.timers = options.timers ?? systemTimers;
    this.clock = options.clock ?? (() => performance.now());
    this.cpu = options.cpu ?? cpuTime;
    this.mode = options.mode ?? 'visible';
    this.pace = { ...sampler.pace, ...options.pace };
  }

  /** Starts to look, or goes on after it stopped (a probe told of a new process); does nothing while it is looking. */
  start(): void {
    if (this.running) return;
    this.running = true;
    this.tickNow();
  }

  setMode(mode: Mode): void {
    if (mode === this.mode) return;
    this.mode = mode;
    this.hiddenPace = hiddenFrom;
    if (this.running && !this.looking) this.tickNow();
  }

  stop(): void {
    this.running = false;
    this.clearTimer();
  }

  private clearTimer(): void {
    if (this.timer !== undefined) this.timers.clear(this.timer);
    this.timer = undefined;
  }

  private tickNow(): void {
    this.lookAt = this.numbersAt = this.clock();
    this.tick();
  }

  private tick(): void {
    this.clearTimer();
    if (this.lookAt > this.clock() + together) this.goOn();
    else this.look();
  }

  private look(): void {
    this.looking = true;
    const wasEmpty = this.sampler.live === 0;
    const before = this.cpu();
    const look = this.sampler.membership();
    if (look === undefined) this.looked(this.cpu() - before, wasEmpty);
    // A list of all processes is made by another program, at a pace that is slow enough without a governor.
    else void look.finally(() => this.looked(0, wasEmpty));
  }

  private looked(cost: number, wasEmpty: boolean): void {
    this.looking = false;
    if (!this.running) return;
    this.governor.looked(cost);
    // Only a look that began without members proves that none is left: the last one may have left orphans.
    if (this.sampler.live === 0 && wasEmpty) {
      this.running = false;
      this.options.onEmpty?.();
      return;
    }
    this.lookAt = this.clock() + this.nextInterval();
    this.goOn();
  }

  private goOn(): void {
    const now = this.clock();
    if (this.numbersAt <= now + together) this.readNumbers(now);
    const next = Math.min(this.lookAt, this.numbersAt, this.sampler.details() ? now + detailsEvery : Infinity);
    this.timer = this.timers.set(() => this.tick(), Math.max(0, next - now));
  }

  private readNumbers(now: number): void {
    const wanted = this.mode === 'visible' ? this.pace.numbers : Math.max(this.pace.numbers, this.hiddenPace);
    const { count, pause } = this.governor.slice(this.sampler.live, wanted, shares[this.mode]);
    this.numbersAt = now + pause;
    if (count === 0) return;
    const before = this.cpu();
    this.sampler.numbers(count);
    this.governor.read(this.cpu() - before, count);
  }

  private nextInterval(): number {
    const changed = this.sampler.revision !== this.lastRevision;
    this.lastRevision = this.sampler.revision;
    if (this.mode === 'visible') return this.options.pace?.membership ?? this.governor.interval(this.pace.membership, shares.visible);
    this.hiddenPace = changed ? hiddenFrom : Math.min(hiddenTo, this.hiddenPace * slower);
    return this.governor.interval(Math.max(this.pace.membership, this.hiddenPace), shares.hidden);
  }
}

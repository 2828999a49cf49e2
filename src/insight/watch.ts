import { findingsOf } from '../core/findings/rules';
import type { Finding } from '../core/findings/finding';
import type { RunState } from '../core/state';
import { inquire, type InquiryHost } from './inquiry';

/** What the watch needs of whoever observes the run. */
export interface WatchHost extends InquiryHost {
  readonly state: RunState;
  /** reads what the probes have written */
  refresh(): void;
}

export interface WatchOptions {
  /** seconds without news of any member, after which somebody looks why */
  after: number;
  /** called whenever the findings were worked out anew */
  found?: (findings: readonly Finding[]) => void;
}

/** ms between two glances at the clock */
const glance = 250;
/** While nothing happens, the next inquiry comes after twice the time, up to this many seconds. */
const slowest = 120;
/** Where members always tell news, somebody may hang all the same: then a look after so many times `after`. */
const busyFactor = 15;

/**
 * Waits for a quiet spell in a run, and then finds out why nothing happens. What goes on costs nothing: only the time of the last
 * event is looked at.
 */
export class HangWatch {
  readonly #timer: NodeJS.Timeout;
  /** the newest news of a member, how often was looked since, and when to look next */
  #spell = { since: Date.now(), looks: 0, next: 0 };
  #lookedAt = Date.now();
  #judged = -1;
  #busy = false;

  constructor(private readonly host: WatchHost, private readonly options: WatchOptions) {
    this.#timer = setInterval(() => void this.#glance(), glance);
    this.#timer.unref();
  }

  async #glance(): Promise<void> {
    const now = Date.now();
    const wait = this.options.after * 1_000;
    if (this.#busy || now - this.#spell.since < wait) return;
    this.#busy = true;
    try {
      this.host.refresh();
      this.#renew();
      const spell = this.#spell;
      const isDue = now >= Math.max(spell.next, spell.since + wait);
      if (isDue || now - this.#lookedAt >= wait * busyFactor) {
        spell.looks++;
        spell.next = now + Math.min(wait * 2 ** (spell.looks - 1), slowest * 1_000);
        this.#lookedAt = now;
        await inquire(this.host, 'quiet');
      }
      this.#judge();
    } finally {
      this.#busy = false;
    }
  }

  /** Begins a new spell where there are news. */
  #renew(): void {
    const newest = Math.max(...this.host.state.insight.heard.values());
    if (newest > this.#spell.since) this.#spell = { since: newest, looks: 0, next: 0 };
  }

  #judge(): void {
    const { state } = this.host;
    if (state.version === this.#judged) return;
    this.#judged = state.version;
    this.options.found?.(findingsOf(state, this.host.members()));
  }

  close(): void {
    clearInterval(this.#timer);
  }
}


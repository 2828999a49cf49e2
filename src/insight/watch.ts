import { findingsOf } from '../core/findings/rules';
import type { Finding } from '../core/findings/finding';
import { Reactions } from './reactions';
import type { WatchHost } from './host';
import { inquire } from './inquiry';

export interface WatchOptions {
  /** seconds without news of any member, after which somebody looks why */
  after: number;
  /** called with the findings, worked out anew once a second at most; where nobody wants them, they are not */
  found?: (findings: readonly Finding[]) => void;
}

/** ms between two glances at the clock */
const glance = 250;
/** While nothing happens, the next inquiry comes after so many times the time before, up to this many seconds. */
const slower = 1.3;
const slowest = 120;
/** Where members always tell news, somebody may hang all the same: then a look after so many times `after`. */
const busyFactor = 15;

/** ms between two times at which the findings are worked out, unless that takes more than a fiftieth of the time */
const judgeEvery = 1_000;
const judgeShare = 50;

/**
 * Waits for a quiet spell in a run, and then finds out why nothing happens. What goes on costs nothing: only the time of the last
 * event is looked at, and the rules are asked once a second at most.
 */
export class HangWatch {
  readonly #timer: NodeJS.Timeout;
  /** the newest news of a member, how often was looked since, and when to look next */
  #spell = { since: Date.now(), looks: 0, next: 0 };
  #lookedAt = Date.now();
  #judgeAt = 0;
  readonly #reactions: Reactions;
  /** the glance that is under way */
  #current: Promise<void> | undefined;

  constructor(private readonly host: WatchHost, private readonly options: WatchOptions) {
    this.#reactions = new Reactions(host);
    this.#timer = setInterval(() => {
      this.#current ??= this.#glance().finally(() => {
        this.#current = undefined;
      });
    }, glance);
    this.#timer.unref();
  }

  async #glance(): Promise<void> {
    const now = Date.now();
    if (await this.#look(now) || now >= this.#judgeAt) this.#judge();
  }

  /** Inquires, if it is time; resolves to whether it did. */
  async #look(now: number): Promise<boolean> {
    const wait = this.options.after * 1_000;
    if (now - this.#spell.since < wait && now - this.#lookedAt < wait * busyFactor) return false;
    this.host.refresh();
    const newest = Math.max(...this.host.state.insight.heard.values());
    if (newest > this.#spell.since) this.#spell = { since: newest, looks: 0, next: 0 };
    const spell = this.#spell;
    if (now < Math.max(spell.next, spell.since + wait) && now - this.#lookedAt < wait * busyFactor) return false;
    spell.looks++;
    spell.next = now + Math.min(wait * slower ** (spell.looks - 1), slowest * 1_000);
    this.#lookedAt = now;
    if (await inquire(this.host, 'quiet')) this.#reactions.finish();
    return true;
  }

  #judge(): void {
    const began = performance.now();
    this.host.refresh();
    this.#reactions.react();
    const now = Date.now();
    this.options.found?.(findingsOf(this.host.state, this.host.members(), now));
    this.#judgeAt = now + Math.max(judgeEvery, (performance.now() - began) * judgeShare);
  }

  /** Looks once more, and harder: asks Node by its inspectors, too. It is the last look of this watch. */
  async lookHarder(): Promise<readonly Finding[]> {
    this.close();
    await this.#current;
    await inquire(this.host, 'asked', { thorough: true });
    this.#reactions.finish();
    return findingsOf(this.host.state, this.host.members(), Date.now());
  }

  /** The run has ended: what its workers did is written down. */
  finish(): void {
    this.close();
    this.host.refresh();
    this.#reactions.finish();
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

import { HumanError, messageOf } from '../core/errors';
import { baseName } from '../core/paths';
import type { Attached, DebugSessions } from './sessions';
import { within } from '../launch/within';

/** Several members that stop at one line within this time (ms) are one event for the person. */
const storm = 1_500;
/** ms from the third one to the notice: who else arrives by then is counted too. */
const settling = 300;
/** What a group needs of the editor and of the person. */
export interface Desk {
  /** what becomes of the others when one stops */
  onStop(): 'one' | 'run';
  /** shows a notice; resolves with the answer that was chosen, undefined for none */
  ask(message: string, ...answers: string[]): PromiseLike<string | undefined>;
  /** the session that the editor shows */
  focused(): Attached | undefined;
  reveal(one: Attached): Promise<void>;
}

/** Stops and continues the sessions of a run together. */
export class Group {
  readonly #subscription: { dispose(): unknown };
  readonly #told = new Map<string, number>();

  /** `patience`: ms that a session has to answer. */
  constructor(private readonly sessions: Pick<DebugSessions, 'of' | 'live' | 'onDidStop'>, private readonly desk: Desk, private readonly patience = 5_000) {
    this.#subscription = sessions.onDidStop((one) => this.#stopped(one));
  }

  async pause(run: string | undefined, except?: Attached): Promise<void> {
    await this.#each(this.sessions.live(run).filter((one) => one !== except && !one.stop), async (one) => {
      const { threads } = await one.session.customRequest('threads') as { threads: { id: number }[] };
      const [first] = threads;
      if (!first) return;
      one.pausing = first.id;
      await one.session.customRequest('pause', { threadId: first.id });
    });
  }

  /** Who was told to pause and could not yet, because it is blocked, is told to go on as well: else it would stop much later. */
  async continue(run: string | undefined, except?: Attached): Promise<void> {
    await this.#each(this.sessions.of(run).filter((one) => one !== except && (one.stop ?? one.pausing) !== undefined), async (one) => {
      const threadId = one.stop?.thread ?? one.pausing;
      one.pausing = undefined;
      const answered = one.session.customRequest('continue', { threadId });
      // debugpy answers when a thread goes on that stood: for one that never stood that may be never.
      if (one.stop) await answered;
      else answered.then(undefined, () => undefined);
    });
  }

  async #each(of: Attached[], act: (one: Attached) => PromiseLike<unknown>): Promise<void> {
    const problems = await Promise.all(of.map(async (one) => {
      try {
        await within(this.patience, 'The debugger', act(one));
        return [];
      } catch (error) {
        return [`${one.session.name}: ${messageOf(error)}`];
      }
    }));
    const told = problems.flat();
    if (told.length) throw new HumanError(told.join('\n'));
  }

  #stopped(one: Attached): void {
    // Who was told to pause stops for that reason; any other is its own, whenever it was told.
    if (this.desk.onStop() === 'run' && one.stop?.reason !== 'pause') this.pause(one.run, one).catch(() => undefined);
    this.#notice(one).catch(() => undefined);
  }

  /** One notice for many members at one line, rather than one focus theft each. */
  async #notice({ run, stop }: Attached): Promise<void> {
    if (!stop?.file || !/breakpoint/.test(stop.reason)) return;
    const { file, line, at } = stop;
    const here = (): Attached[] => this.sessions.of(run).filter((one) => one.stop?.file === file && one.stop.line === line && Math.abs(one.stop.at - at) < storm);
    const key = `${run} ${file}:${line}`;
    if (here().length < 3 || at - (this.#told.get(key) ?? 0) < storm * 2) return;
    this.#told.set(key, at);
    await new Promise((done) => setTimeout(done, settling));
    const all = this.sessions.live(run).length;
    const answer = await this.desk.ask(`${here().length} of ${all} debugged processes are at ${baseName(file)}:${line}.`, 'Continue All', 'Step This', 'Show');
    if (answer === 'Continue All') return this.continue(run);
    // "This" is what the editor shows; where that is something else, the first that arrived.
    const there = this.sessions.of(run).filter((one) => one.stop?.file === file && one.stop.line === line);
    const focused = this.desk.focused();
    const chosen = there.find((one) => one === focused) ?? there[0];
    if (answer === 'Step This') await chosen?.session.customRequest('next', { threadId: chosen.stop?.thread });
    if (answer === 'Show' && chosen) await this.desk.reveal(chosen);
  }

  /** Forgets the notices of runs that are not there any more. */
  keep(wanted: (run: string) => boolean): void {
    for (const key of this.#told.keys()) if (!wanted(key.slice(0, key.indexOf(' ')))) this.#told.delete(key);
  }

  dispose(): void {
    this.#subscription.dispose();
  }
}

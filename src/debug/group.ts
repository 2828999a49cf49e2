import * as vscode from 'vscode';
import { HumanError, messageOf } from '../core/errors';
import { forMessage } from '../core/escapes';
import { baseName } from '../core/paths';
import type { Attached, DebugSessions } from './sessions';

/** Several members that stop at one line within this time (ms) are one event for the person. */
const storm = 1_500;
/** ms from the third one to the notice: who else arrives by then is counted too. */
const settling = 300;

/** Stops and continues the sessions of a run together. */
export class Group implements vscode.Disposable {
  readonly #subscription: vscode.Disposable;
  readonly #told = new Map<string, number>();

  constructor(private readonly sessions: DebugSessions, private readonly reveal: (one: Attached) => Promise<void>) {
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
        await act(one);
        return [];
      } catch (error) {
        return [`${one.session.name}: ${messageOf(error)}`];
      }
    }));
    const told = problems.flat();
    if (told.length) throw new HumanError(told.join('\n'));
  }

  #stopped(one: Attached): void {
    const mode = vscode.workspace.getConfiguration('procession').get<string>('debug.onStop', 'one');
    // Who was told to pause stops for that reason; any other is its own, whenever it was told.
    if (mode === 'run' && one.stop?.reason !== 'pause') this.pause(one.run, one).catch(() => undefined);
    void this.#notice(one);
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
    const answer = await vscode.window.showInformationMessage(`${here().length} of ${all} debugged processes are at ${forMessage(baseName(file))}:${line}.`, 'Continue All', 'Step This', 'Show');
    if (answer === 'Continue All') return this.continue(run);
    // "This" is what the editor shows; where that is something else, the first that arrived.
    const there = this.sessions.of(run).filter((one) => one.stop?.file === file && one.stop.line === line);
    const focused = this.sessions.get(vscode.debug.activeDebugSession);
    const chosen = there.find((one) => one === focused) ?? there[0];
    if (answer === 'Step This') await chosen?.session.customRequest('next', { threadId: chosen.stop?.thread });
    if (answer === 'Show' && chosen) await this.reveal(chosen);
  }

  dispose(): void {
    this.#subscription.dispose();
  }
}

import * as vscode from 'vscode';
import { HumanError, messageOf } from '../core/errors';
import type { Attached, DebugSessions } from './sessions';

/** Several members that stop at one line within this time (ms) are one event for the person. */
const storm = 1_500;

/** Stops and continues the sessions of a run together. */
export class Group implements vscode.Disposable {
  readonly #subscription: vscode.Disposable;
  readonly #told = new Map<string, number>();
  /** sessions that were paused because another one stopped */
  readonly #paused = new Set<string>();

  constructor(private readonly sessions: DebugSessions, private readonly reveal: (one: Attached) => Promise<void>) {
    this.#subscription = sessions.onDidStop((one) => this.#stopped(one));
  }

  async pause(run: string | undefined, except?: Attached): Promise<void> {
    await this.#each(this.sessions.live(run).filter((one) => one !== except && !one.stop), async (one) => {
      const { threads } = await one.session.customRequest('threads') as { threads: { id: number }[] };
      const [first] = threads;
      if (first) await one.session.customRequest('pause', { threadId: first.id });
    });
  }

  async continue(run: string | undefined, except?: Attached): Promise<void> {
    await this.#each(this.sessions.of(run).filter((one) => one !== except && one.stop), (one) => one.session.customRequest('continue', { threadId: one.stop?.thread }));
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
    const consequence = this.#paused.delete(one.session.id);
    if (mode === 'run' && !consequence && one.stop?.reason !== 'pause') {
      for (const other of this.sessions.live(one.run)) if (other !== one && !other.stop) this.#paused.add(other.session.id);
      this.pause(one.run, one).catch(() => undefined);
    }
    void this.#notice(one);
  }

  /** One notice for many members at one line, rather than one focus theft each. */
  async #notice(one: Attached): Promise<void> {
    if (!one.stop?.file || !/breakpoint/.test(one.stop.reason)) return;
    const { file, line, at } = one.stop;
    const here = this.sessions.of(one.run).filter(({ stop }) => stop?.file === file && stop.line === line && Math.abs(stop.at - at) < storm);
    const key = `${one.run} ${file}:${line}`;
    if (here.length < 3 || at - (this.#told.get(key) ?? 0) < storm * 2) return;
    this.#told.set(key, at);
    const all = this.sessions.live(one.run).length;
    const place = `${file.slice(file.lastIndexOf('/') + 1)}:${line}`;
    const answer = await vscode.window.showInformationMessage(`${here.length} of ${all} debugged processes are at ${place}.`, 'Continue All', 'Step This', 'Show');
    if (answer === 'Continue All') await this.continue(one.run);
    if (answer === 'Step This') await one.session.customRequest('next', { threadId: one.stop?.thread });
    if (answer === 'Show') await this.reveal(one);
  }

  dispose(): void {
    this.#subscription.dispose();
  }
}

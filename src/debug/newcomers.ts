import { mkdirSync, readdirSync, rmSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { messageOf } from '../core/errors';
import type { ProcessRef } from '../core/events';
import { isInner, pidOf } from '../core/namespaces';
import type { WindowRun } from '../views/runStore';
import type { Attacher } from './attach';
import { tooMany } from './filter';
import { followsChildren, type ChildPolicy } from './kinds';
import { freePlace, takePlace } from './places';
import type { DebugServices } from './pythonAdapters';
import { DebugSessions } from './sessions';

/** ms that a look of the sampler may take */
const patience = 1_500;

/**
 * New processes that no debugger brings up by itself: Node below Python, Python below Node, what a shell starts. Where children are
 * followed, such a process waits before its first line, until the window has attached to it or lets it go: its probe has written a file
 * with its id, which is taken away then.
 */
export class Newcomers implements vscode.Disposable {
  readonly #followed = new Map<string, { waits: string; watcher: FSWatcher }>();
  /** the run directories of the members that have a place, by run and pid */
  readonly #placed = new Map<string, string>();
  readonly #deciding = new Set<string>();
  readonly #subscription: vscode.Disposable;

  constructor(private readonly services: DebugServices, private readonly attacher: Attacher) {
    this.#subscription = vscode.Disposable.from(
      services.children.onDidBegin(({ run, policy }) => this.#follow(run, policy)),
      services.window.runs.onDidChange(() => this.#leaveEnded()),
      vscode.debug.onDidTerminateDebugSession((session) => this.#ended(session)),
    );
  }

  #follow(id: string, policy: ChildPolicy): void {
    const run = this.services.sessions.run(id);
    if (!run || !followsChildren(policy)) return;
    const waits = join(run.open.directory, 'waits');
    mkdirSync(waits, { mode: 0o700 });
    this.#followed.set(id, { waits, watcher: watch(waits, () => this.#look(run, waits, policy.most)).on('error', () => undefined) });
  }

  #look(run: WindowRun, waits: string, most: number): void {
    for (const id of entries(waits)) {
      const key = `${run.open.id}/${id}`;
      if (this.#deciding.has(key)) continue;
      this.#deciding.add(key);
      void this.#decide(run, id, most).finally(() => {
        rmSync(join(waits, id), { force: true });
        this.#deciding.delete(key);
      });
    }
  }

  async #decide(run: WindowRun, ref: ProcessRef, most: number): Promise<void> {
    const { sessions, children } = this.services;
    const { id, directory } = run.open;
    const pid = await outerPid(run, ref);
    if (pid === undefined) return;
    await children.admit(id, pid, async (member) => {
      if (!member) return;
      if (!takePlace(directory, most)) return sessions.leaveOut(id, member, tooMany(most));
      this.#placed.set(`${id}/${pid}`, directory);
      try {
        await this.attacher.attach(run, member);
      } catch (error) {
        this.#vacate(`${id}/${pid}`);
        sessions.leaveOut(id, member, messageOf(error));
      }
    });
  }

  #ended(session: vscode.DebugSession): void {
    const about = DebugSessions.about(session);
    if (about) this.#vacate(`${about.run}/${about.pid ?? ''}`);
  }

  #vacate(key: string): void {
    const directory = this.#placed.get(key);
    if (directory !== undefined && this.#placed.delete(key)) freePlace(directory);
  }

  #leaveEnded(): void {
    for (const id of this.#followed.keys()) {
      const run = this.services.sessions.run(id);
      if (!run || run.open.report().run.endedAt !== null) this.#leave(id);
    }
  }

  #leave(id: string): void {
    const followed = this.#followed.get(id);
    if (!followed) return;
    this.#followed.delete(id);
    followed.watcher.close();
    // Whoever still waits goes on.
    rmSync(followed.waits, { recursive: true, force: true });
  }

  dispose(): void {
    this.#subscription.dispose();
    for (const id of [...this.#followed.keys()]) this.#leave(id);
  }
}

/** The pid of a process that waits. One of another pid namespace waits under its inner name, until it has been seen from outside. */
async function outerPid({ open }: WindowRun, ref: ProcessRef): Promise<number | undefined> {
  if (!isInner(ref)) return pidOf(ref);
  for (let waited = 0; waited < patience; waited += 20) {
    open.readAll();
    const found = open.report().members.find(({ id, inner }) => inner?.id === ref && id !== ref);
    if (found) return found.pid;
    await new Promise((done) => setTimeout(done, 20));
  }
  return undefined;
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as vscode from 'vscode';
import { messageOf } from '../core/errors';
import type { ProcessRef } from '../core/events';
import { isInner, pidOf } from '../core/namespaces';
import { letGo, setFollower, waitsOf } from '../launch/runGuard';
import type { WindowRun } from '../views/runStore';
import type { Attacher } from './attach';
import type { ChildSessions } from './children';
import { tooMany } from './filter';
import { followFolder } from './folder';
import { aboutOf, followsChildren, type ChildPolicy } from './kinds';
import { freePlace, takePlace } from './sessionSlots';
import type { DebugSessions } from './sessions';
import { within } from '../launch/within';

/** ms that a process which waits is kept (its probe goes on after that by itself), and that a look of the sampler may take */
const patience = { decision: 10_000, sampler: 1_500 };

/** What is needed of the rest. */
export interface NewcomerServices {
  sessions: Pick<DebugSessions, 'run' | 'leaveOut'>;
  children: Pick<ChildSessions, 'admit'>;
  attacher: Pick<Attacher, 'attach'>;
  log: Pick<vscode.LogOutputChannel, 'warn'>;
  /** the process of this window */
  self: ProcessRef;
  follow?: typeof followFolder;
}

/**
 * New processes that no debugger brings up by itself: Node below Python, Python below Node, what a shell starts. Where children are
 * followed, such a process waits before its first line, until the window has attached to it or lets it go: its probe has written a file
 * with its id, in which the window writes that it has taken notice, and which it takes away in the end.
 */
export class Newcomers {
  /** what ends the following of a run */
  readonly #followed = new Map<string, () => void>();
  /** the run directories of the members that have a place, by run and pid */
  readonly #placed = new Map<string, string>();
  readonly #deciding = new Set<string>();

  constructor(private readonly services: NewcomerServices) {}

  /** A debugged run is about to start. */
  begin(id: string, policy: ChildPolicy): void {
    const run = this.services.sessions.run(id);
    if (!run || !followsChildren(policy)) return;
    const waits = waitsOf(run.open.directory);
    try {
      setFollower(run.open.directory, this.services.self);
      mkdirSync(waits, { mode: 0o700 });
    } catch (error) {
      // Without that folder nobody waits.
      this.services.log.warn(`New processes of ${id} do not wait for their debugger: ${messageOf(error)}`);
      return;
    }
    this.#followed.set(id, (this.services.follow ?? followFolder)(waits, (names) => this.#look(run, waits, names, policy.most)));
  }

  #look(run: WindowRun, waits: string, names: readonly string[], most: number): void {
    for (const name of names) {
      const key = `${run.open.id}/${name}`;
      if (this.#deciding.has(key) || !takeNotice(join(waits, name))) continue;
      this.#deciding.add(key);
      within(patience.decision, name, this.#decide(run, name, most)).catch(() => undefined).finally(() => {
        rmSync(join(waits, name), { force: true });
        this.#deciding.delete(key);
      });
    }
  }

  async #decide(run: WindowRun, ref: ProcessRef, most: number): Promise<void> {
    const { sessions, children, attacher } = this.services;
    const { id, directory } = run.open;
    const pid = await outerPid(run, ref);
    if (pid === undefined) return;
    await children.admit(id, pid, async (member) => {
      if (!member) return false;
      if (!takePlace(directory, most)) {
        sessions.leaveOut(id, member, tooMany(most));
        return false;
      }
      this.#placed.set(`${id}/${pid}`, directory);
      try {
        await attacher.attach(run, member);
        return true;
      } catch (error) {
        this.#vacate(`${id}/${pid}`);
        sessions.leaveOut(id, member, messageOf(error));
        return false;
      }
    });
  }

  /** A session has ended: another member may have its place. */
  ended(session: vscode.DebugSession): void {
    const about = aboutOf(session);
    if (about) this.#vacate(`${about.run}/${about.pid ?? ''}`);
  }

  #vacate(key: string): void {
    const directory = this.#placed.get(key);
    if (directory !== undefined && this.#placed.delete(key)) freePlace(directory);
  }

  /** Leaves the runs that have ended, or are gone. */
  leaveEnded(): void {
    for (const id of this.#followed.keys()) {
      const run = this.services.sessions.run(id);
      if (!run || run.open.report().run.endedAt !== null) this.#leave(id);
    }
  }

  #leave(id: string): void {
    this.#followed.get(id)?.();
    this.#followed.delete(id);
    for (const key of this.#placed.keys()) if (key.startsWith(`${id}/`)) this.#placed.delete(key);
    const run = this.services.sessions.run(id);
    if (run) letGo(run.open.directory);
  }

  dispose(): void {
    for (const id of [...this.#followed.keys()]) this.#leave(id);
  }
}

/** The pid of a process that waits. One of another pid namespace waits under its inner name, until it has been seen from outside. */
async function outerPid({ open }: WindowRun, ref: ProcessRef): Promise<number | undefined> {
  if (!isInner(ref)) return pidOf(ref);
  for (let waited = 0; waited < patience.sampler; waited += 20) {
    open.look();
    const found = open.report().members.find(({ id, inner }) => inner?.id === ref && id !== ref);
    if (found) return found.pid;
    await new Promise((done) => setTimeout(done, 20));
  }
  return undefined;
}

/** Tells a process that waits that it was seen: until then it waits a short time only. False: it waits no longer. */
function takeNotice(file: string): boolean {
  try {
    // Nothing is made anew here: who was let go in this moment must not seem to wait.
    writeFileSync(file, 'noticed', { flag: 'r+' });
    return true;
  } catch {
    return false;
  }
}

import { availableParallelism } from 'node:os';
import type { ProcessRef } from '../core/events';
import { livingAt } from '../core/insight/situation';
import { isHere } from '../observe/system/identity';
import type { Member } from '../core/members';
import { pagesIn, readTasks } from './taskPage';
import type { WatchHost } from './host';
import { runningThreads } from './linux/crowd';
import { listeners } from './linux/ports';

/** What is looked at once when something happens, because it can't be seen later. */

const told = /\bEADDRINUSE\b|address already in use|\[Errno (98|48)\]/i;
/** Events are written of so many times more running threads than cores. */
const crowded = 3;
const mostCrowds = 20;
const mostMembers = 256;

export class Reactions {
  readonly #seen = new Set<ProcessRef>();
  readonly #told = new Set<ProcessRef>();
  #crowds = 0;

  constructor(private readonly host: WatchHost) {}

  /** Looks at what has happened since the last time. */
  react(): void {
    this.#ports();
    this.#crowd();
    this.#tasks(({ endedAt }) => endedAt !== null);
  }

  /** The run is over, or is being looked at: what the workers have done so far. */
  finish(): void {
    this.#tasks(() => true);
  }

  /** What a worker was doing when it ended stands in its page. */
  #tasks(isWanted: (member: Member) => boolean): void {
    const pages = new Set(pagesIn(this.host.run));
    for (const member of pages.size === 0 ? [] : this.host.members()) {
      if (!pages.has(member.id) || this.#told.has(member.id) || !isWanted(member)) continue;
      const view = readTasks(this.host.run, member.id);
      if (member.endedAt !== null) this.#told.add(member.id);
      if (view && view.started > 0) this.host.tell({ e: 'tasks', t: Date.now(), child: member.id, view });
    }
  }

  /** A member failed because its port is in use: who has it? */
  #ports(): void {
    for (const member of this.host.members()) {
      if (!member.error || this.#seen.has(member.id)) continue;
      this.#seen.add(member.id);
      const { message, traceback } = member.error;
      if (!told.test(message)) continue;
      const wanted = [...`${message}\n${traceback.split('\n').at(-2) ?? ''}`.matchAll(/[:\s](\d{2,5})\b/g)].map(([, port]) => Number(port)).filter((port) => port > 0 && port < 65_536);
      const living = livingAt(this.host.members(), Date.now()).filter(isHere);
      this.host.tell({ e: 'ports', t: Date.now(), child: member.id, view: listeners(living, wanted).slice(0, 50) });
    }
  }

  /** More members run than there are cores: how many threads do? */
  #crowd(): void {
    const cores = availableParallelism();
    if (this.host.running < cores || this.#crowds >= mostCrowds) return;
    const living = livingAt(this.host.members(), Date.now()).filter(isHere).slice(0, mostMembers);
    const found = living.map((member) => ({ id: member.id, running: runningThreads(member.pid) })).filter(({ running }) => running > 0);
    const running = found.reduce((sum, one) => sum + one.running, 0);
    if (running < crowded * cores) return;
    this.#crowds++;
    found.sort((a, b) => b.running - a.running);
    this.host.tell({ e: 'crowd', t: Date.now(), running, cores, members: found.slice(0, 32).map(({ id }) => id) });
  }
}

import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Event, ProcessRef } from '../../../src/core/events';
import { ownRef } from '../../../src/launch/launcher';
import { createRunDirectory, eventsOf, liveOf, writeDescription } from '../../../src/observe/record/runDirectory';

/** ms between batches of changes, as an observer writes them. */
const tick = 100;
/** Of the changes in a batch: members that end, and as many that begin; the others are new numbers. */
const endsInTick = 2;

const lines = (events: readonly Event[]): string => events.map((event) => `${JSON.stringify(event)}\n`).join('');

/**
 * The record of a live run of many members, of which some end, some begin and many get new numbers all the time. A record
 * without its program: 2,000 real processes would leave the window no core to be measured on.
 */
export class Crowd {
  readonly #observer = ownRef();
  readonly #root: ProcessRef = '100.1000';
  readonly #live: ProcessRef[] = [];
  readonly #samples = new Map<ProcessRef, Event & { e: 'sample' }>();
  readonly #file: string;
  #next = 1_000;
  #timer: NodeJS.Timeout | undefined;
  /** changes written so far */
  changes = 0;

  /** `fold`: children of one parent; the root has the parents, or all members when it is 0. */
  constructor(private readonly run: string, workspace: string, members: number, private readonly fold: number) {
    createRunDirectory(run);
    writeDescription(run, { schema: 'procession.run/1', id: 'crowd', command: ['python', 'crowd.py'], cwd: '/', startedAt: Date.now(), observer: this.#observer, workspace });
    this.#file = join(eventsOf(run), 'crowd.ndjson');
    const t = Date.now();
    appendFileSync(this.#file, lines([
      { e: 'run', t, id: this.#observer, run: 'crowd', command: ['python', 'crowd.py'], cwd: '/', host: 'bench', platform: 'linux' },
      { e: 'root', t, id: this.#observer, child: this.#root },
      { e: 'start', t, id: this.#root, ppid: 99, runtime: 'python', argv: ['python', 'crowd.py'], cwd: '/', name: 'MainProcess' },
    ]));
    for (let begun = 0; begun < members; begun += fold + 1) {
      const parent = this.#begin(this.#root, fold === 0 ? 'worker' : 'child');
      for (let child = 0; child < fold; child++) this.#begin(parent, 'worker');
    }
    this.#writeTable();
  }

  #begin(parent: ProcessRef, role: 'worker' | 'child'): ProcessRef {
    const pid = this.#next++;
    const id = `${pid}.${pid}`;
    const t = Date.now();
    const site = { file: '/home/someone/crowd.py', line: 12, function: 'work' };
    appendFileSync(this.#file, lines([
      { e: 'spawn', t, id: parent, child: id, method: 'fork', name: `Process-${pid}`, daemon: true, role, target: site, site },
      { e: 'start', t, id, ppid: Number.parseInt(parent, 10), parent, runtime: 'python', argv: ['python', 'crowd.py'], cwd: '/', method: 'fork' },
    ]));
    if (role === 'worker') this.#live.push(id);
    this.#sample(id);
    return id;
  }

  #sample(id: ProcessRef): void {
    const cpu = (this.#samples.get(id)?.cpu ?? 0) + 0.1;
    this.#samples.set(id, { e: 'sample', t: Date.now(), id: this.#observer, child: id, ppid: 100, state: 'S', cpu, load: Math.random(), rss: 10_000_000 + Math.round(Math.random() * 9_000_000), threads: 1 });
  }

  #writeTable(): void {
    writeFileSync(`${liveOf(this.run)}.new`, lines([...this.#samples.values()]));
    renameSync(`${liveOf(this.run)}.new`, liveOf(this.run));
  }

  #end(): void {
    const id = this.#live.splice(Math.floor(Math.random() * this.#live.length), 1)[0];
    if (id === undefined) return;
    const t = Date.now();
    this.#samples.delete(id);
    appendFileSync(this.#file, lines([{ e: 'reap', t, id: this.#root, child: id, code: 0, signal: null }, { e: 'gone', t, id: this.#observer, child: id }]));
  }

  /** Changes so much a second from now on. */
  start(perSecond: number): void {
    const inTick = Math.round((perSecond * tick) / 1000);
    const begun = performance.now();
    let ticks = 0;
    this.#timer = setInterval(() => {
      // A late timer makes up for what it missed, so that the rate is what was said.
      for (; ticks < (performance.now() - begun) / tick; ticks++) this.#change(inTick);
      this.#writeTable();
    }, tick);
  }

  #change(count: number): void {
    for (let number = 0; number < endsInTick; number++) {
      this.#end();
      this.#begin(this.fold === 0 ? this.#root : '1000.1000', 'worker');
    }
    for (let number = 2 * endsInTick; number < count; number++) {
      const id = this.#live[Math.floor(Math.random() * this.#live.length)];
      if (id !== undefined) this.#sample(id);
    }
    this.changes += count;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

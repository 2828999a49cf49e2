import type { Ending, Event, ErrorEvent, Site, SpawnEvent, StartEvent } from '../../../src/core/events';
import type { Finding } from '../../../src/core/findings/finding';
import { findingsOf } from '../../../src/core/findings/rules';
import type { Answer, FileLook, FrameFact, Look, ObjectFact, ThreadFact, ThreadLook } from '../../../src/core/insight/facts';
import { membersOf } from '../../../src/core/members';
import { emptyState, reduce } from '../../../src/core/state';

/** A made-up run, for tests of the engine and its rules: who lives, what the system shows of them, and what they answer. */

const launcher = '2.1';
const t0 = 1_000_000;
/** when the inquiry looks: long after everything else */
export const lookedAt = t0 + 60_000;

export const at = (line: number, file = '/work/main.py'): Site => ({ file, line });

/** A frame of the program, and one of a library that works on an object. */
export const own = (line: number, name = 'work'): FrameFact => ({ file: '/work/main.py', line, function: name, own: true });
export const library = (file: string, name: string, about?: number): FrameFact => ({ file: `/usr/lib/python3.12/${file}`, line: 10, function: name, ...(about === undefined ? {} : { about }) });

export interface Told {
  threads?: (Partial<ThreadLook> & { frames?: FrameFact[]; task?: ThreadFact['task']; name?: string })[];
  files?: FileLook[];
  /** keys of memory that it shares; the first lies at 0x1000, the next at 0x2000 */
  shared?: string[];
  objects?: ObjectFact[];
  waiting?: NonNullable<Answer['waiting']>;
  catches?: string[];
  leads?: boolean;
  /** false: it was asked, and did not answer */
  answers?: boolean;
}

export class World {
  readonly events: Event[] = [
    { e: 'run', id: launcher, t: t0, run: 'r', command: ['python3', 'main.py'], cwd: '/work', host: 'h', platform: 'linux', bootTime: t0 - 1_000_000, tickMs: 10 },
  ];
  readonly #ids = new Map<number, string>();
  readonly #parents = new Map<number, number>();
  #looked = false;

  id(pid: number): string {
    return this.#ids.get(pid) ?? `${pid}.${100_000 + this.#ids.size}`;
  }

  /** A member. The first one is the root. */
  member(pid: number, { parent, spawn = {}, start = {} }: { parent?: number; spawn?: Partial<SpawnEvent>; start?: Partial<StartEvent> } = {}): this {
    const id = this.id(pid);
    this.#ids.set(pid, id);
    this.#parents.set(pid, parent ?? 2);
    const t = t0 + 10 * this.#ids.size;
    this.events.push({ e: 'start', id, t, ppid: parent ?? 2, runtime: 'python', version: '3.12.1', argv: ['python3', 'main.py'], ...(parent === undefined ? {} : { parent: this.id(parent), method: 'fork' }), ...start });
    if (parent === undefined) this.events.push({ e: 'root', id: launcher, t, child: id });
    else this.events.push({ e: 'spawn', id: this.id(parent), t, child: id, method: 'fork', role: 'child', name: `child-${pid}`, site: at(pid), ...spawn });
    return this;
  }

  /** Something that a member tells. */
  says(pid: number, event: Record<string, unknown> & { e: Event['e']; t?: number }): this {
    this.events.push({ id: this.id(pid), t: t0 + 20_000, ...event } as Event);
    return this;
  }

  fails(pid: number, type: string, message: string, more: Partial<ErrorEvent> & { line?: number } = {}): this {
    const { line = 7, ...rest } = more;
    return this.says(pid, { e: 'error', type, message, traceback: `Traceback (most recent call last):\n  File "/work/main.py", line ${line}, in work\n${type}: ${message}\n`, ...rest });
  }

  /** A member ends: its parent tells how. */
  ends(pid: number, ending: Partial<Ending> = { code: 0 }, t = t0 + 30_000): this {
    const parent = this.#parents.get(pid) ?? 2;
    const how = { code: null, signal: null, ...ending };
    if (parent === 2) this.events.push({ e: 'rootExit', id: launcher, t, child: this.id(pid), ...how }, { e: 'end', id: launcher, t: t + 1 });
    else this.events.push({ e: 'reap', id: this.id(parent), t, child: this.id(pid), ...how });
    return this;
  }

  /** What an inquiry sees of a member, and what it answers. The first thread is the main one. */
  look(pid: number, { threads = [{}], files = [], shared = [], objects, waiting, catches = [], leads = false, answers = true }: Told): this {
    const looks = threads.map((thread, index): ThreadLook => ({ tid: pid + index * 1000, name: 'python3', ran: 5, on: 'futex', since: lookedAt - 1_000, ...thread }));
    const view: Look = {
      threads: looks, files, ppid: this.#parents.get(pid) ?? 2, leads, heard: t0 + 20_000, catches, hidden: [],
      shared: shared.map((key, index) => ({ from: 0x1000 * (index + 1), to: 0x1000 * (index + 2), key })),
    };
    const facts = threads.flatMap(({ frames, task, name }, index): ThreadFact[] => (frames ? [{ tid: pid + index * 1000, name: name ?? (index === 0 ? 'MainThread' : `Thread-${index}`), frames, ...(task ? { task } : {}) }] : []));
    this.events.push({ e: 'look', id: launcher, t: lookedAt, round: lookedAt, child: this.id(pid), view });
    if (answers && (facts.length > 0 || objects || waiting)) this.events.push({ e: 'answer', id: launcher, t: lookedAt, round: lookedAt, child: this.id(pid), view: { threads: facts, objects: objects ?? [], ...(waiting ? { waiting } : {}) } });
    if (!this.#looked) this.events.push({ e: 'inquiry', id: launcher, t: lookedAt, round: lookedAt, reason: 'quiet' });
    this.#looked = true;
    return this;
  }

  findings(now = lookedAt + 1): Finding[] {
    const state = this.events.reduce(reduce, emptyState());
    return findingsOf(state, membersOf(state), now);
  }

  /** The rules that apply, with their certainty: `deadlock proved`. */
  rules(now?: number): string[] {
    return this.findings(now).map(({ rule, certainty }) => `${rule} ${certainty}`);
  }
}

/** A pipe as one who holds an end of it. */
export const pipe = (fd: number, inode: number, way: 'r' | 'w' | 'rw'): FileLook => ({ fd, object: `pipe:[${inode}]`, way });

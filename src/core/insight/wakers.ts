import type { FileLook, ObjectFact } from './facts';
import { WakeGraph } from './reach';
import { nodes, sharedKey, type Subject, type Thread } from './threads';
import { waitOf, type Wait } from './waits';

/** Signals for which a handler means that somebody outside, or a timer, may wake the program. Node catches some by itself. */
const outsideSignals = new Set(['SIGHUP', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGVTALRM', 'SIGPROF', 'SIGIO']);

/** Sockets that multiprocessing makes for its own processes: nobody else has the key (multiprocessing.connection.arbitrary_address). */
const isOfRun = (address: string): boolean => /\/pymp-[^/]+\/listener-/.test(address);

export interface GraphOptions {
  /** whether every living member was looked at: who was not may hold anything */
  isComplete?: boolean;
  /** one look is enough to take a thread for blocked */
  trusting?: boolean;
  /** a process that was stopped by a signal never goes on */
  stoppedForGood?: boolean;
  /** what somebody outside the run has, see `InquiryEvent` */
  strangers?: ReadonlySet<string>;
}

/**
 * Who could wake whom, as the operating system shows it. Whatever is not known for certain counts as alive: a hang may be
 * missed so, but nothing healthy is blamed.
 */
export class WakerMap {
  readonly graph = new WakeGraph();
  /** what each thread waits for, by its node */
  readonly waits = new Map<string, Wait>();
  readonly #byPid: ReadonlyMap<number, Subject>;
  readonly #holders = new Map<string, Subject[]>();
  readonly #listeners = new Map<string, Subject[]>();
  readonly #memory = new Map<string, Subject[]>();
  readonly #told = new Set<string>();
  readonly #arriving: readonly Subject[];
  readonly #allFilesKnown: boolean;
  readonly #allMemoryKnown: boolean;

  constructor(private readonly subjects: readonly Subject[], private readonly options: GraphOptions = {}) {
    this.#byPid = new Map(subjects.map((subject) => [subject.member.pid, subject]));
    this.#arriving = subjects.filter(({ arriving }) => arriving);
    const isComplete = options.isComplete !== false;
    this.#allFilesKnown = isComplete && subjects.every(({ look }) => !look.hidden.includes('files'));
    this.#allMemoryKnown = isComplete && subjects.every(({ look }) => !look.hidden.includes('maps'));
    for (const subject of subjects) {
      for (const thread of subject.threads) this.waits.set(thread.node, waitOf(subject, thread));
      this.#enter(subject);
    }
    for (const subject of subjects) for (const thread of subject.threads) this.#thread(subject, thread);
  }

  #enter(subject: Subject): void {
    const { member, look, threads } = subject;
    for (const { node } of threads) this.graph.wakes(node, nodes.process(member.id));
    this.graph.wakes(nodes.process(member.id), nodes.end(member.id));
    if (look.hidden.includes('threads')) this.graph.seed(nodes.process(member.id));
    for (const file of look.files) {
      put(this.#holders, `${file.object} ${file.way}`, subject);
      if (file.listens !== undefined) put(this.#listeners, file.object, subject);
    }
    for (const { key } of look.shared) put(this.#memory, key, subject);
  }

  #thread(subject: Subject, thread: Thread): void {
    const { node, look, main } = thread;
    this.graph.add(node);
    if (isManagersMain(thread)) this.graph.wakes(nodes.process(subject.member.id), node);
    else this.#wait(subject, thread);
    if (!main) return;
    const { catches } = subject.look;
    if (catches.includes('SIGCHLD')) for (const child of this.#childrenOf(subject)) this.graph.wakes(nodes.end(child.member.id), node);
    const listens = subject.member.runtime !== 'node' && subject.member.role !== 'helper' && catches.some((signal) => outsideSignals.has(signal));
    if (listens && look.on !== 'stopped') this.graph.seed(node);
  }

  #childrenOf({ member }: Subject): Subject[] {
    return this.subjects.filter((other) => other.look.ppid === member.pid);
  }

  #wait(subject: Subject, thread: Thread): void {
    const { node, look } = thread;
    const blocked = look.since !== undefined || this.options.trusting || look.on === 'ended' || look.on === 'stopped';
    switch (blocked ? look.on : 'unknown') {
      case 'ended':
        return;
      case 'stopped':
        if (look.tracer || !this.options.stoppedForGood) this.graph.seed(node);
        return;
      case 'futex':
        if (!this.#knownWait(subject, thread)) this.#memoryWait(subject, node, look.key);
        return;
      case 'child':
        this.#childWait(subject, node, look.pid ?? 0);
        return;
      case 'lock':
        this.#lockWait(node, look.holders ?? []);
        return;
      case 'files':
        // Another thread may change what is watched, or close it.
        if (look.loop) this.graph.wakes(nodes.process(subject.member.id), node);
        for (const { fd, want } of look.files ?? []) this.#fileWait(subject, node, fd, want, new Set());
        return;
      default:
        this.graph.seed(node);
    }
  }

  /**
   * What the program itself tells of a wait narrows down who could end it: the holder of a lock, the thread that is joined, the
   * workers that still have something to do. False where it tells nothing that can be relied on.
   */
  #knownWait(subject: Subject, { node, look }: Thread): boolean {
    const wait = this.waits.get(node);
    const { object } = wait ?? {};
    if (!wait || !object) return false;
    if ((wait.kind === 'import' || wait.kind === 'thread') && object.owner !== undefined) {
      return this.#ofThread(subject, node, object.owner);
    }
    if (wait.kind === 'result') return this.#resultWait(subject, node, object);
    if (look.key === undefined || wait.kind === 'idle') return false;
    const holders = this.holdersOf(look.key);
    if (holders === undefined) return false;
    for (const { member } of holders) this.graph.wakes(nodes.process(member.id), node);
    return true;
  }

  #ofThread(subject: Subject, node: string, tid: number): boolean {
    if (!subject.threads.some((thread) => thread.tid === tid)) return false;
    this.graph.wakes(nodes.thread(subject.member.id, tid), node);
    return true;
  }

  /**
   * Who holds the lock that a key names; undefined when that can't be told: it is no lock that has a holder, somebody who has it did
   * not answer, or nobody holds it and anybody may release it. A lock inside a queue is released by its holder alone.
   */
  holdersOf(key: string): readonly Subject[] | undefined {
    const havers = this.havers(key);
    const locks = havers.map((subject) => semaphoreOf(subject, key));
    if (locks.length === 0 || locks.some((lock) => !lock || !/^R?Lock$/.test(lock.type))) return undefined;
    const holders = havers.filter((_, index) => (locks[index]?.count ?? 0) > 0);
    const isInner = locks.some((lock) => lock?.as === 'rlock' || lock?.as === 'wlock');
    return holders.length > 0 || isInner ? holders : undefined;
  }

  /** A result of a pool comes from a worker that has a task, or may still take one, through the pool's thread for results. */
  #resultWait(subject: Subject, node: string, object: ObjectFact): boolean {
    const pool = poolOf(subject, object);
    if (!pool?.workers || pool.pending === undefined || pool.pending === 0) return false;
    if (pool.lost?.includes('result')) return true;
    for (const thread of subject.threads) {
      // One of the pool's own threads that is in a function of the program: a callback, or the generator of the tasks.
      if (this.waits.get(thread.node)?.kind !== 'idle' && isPoolThread(thread)) this.graph.wakes(thread.node, node);
    }
    for (const pid of pool.workers) {
      const worker = this.#byPid.get(pid);
      const main = worker?.threads.find((thread) => thread.main);
      if (worker && main && (pool.queued !== 0 || this.waits.get(main.node)?.kind !== 'idle')) this.graph.wakes(nodes.process(worker.member.id), node);
    }
    return true;
  }

  #memoryWait(subject: Subject, node: string, key: string | undefined): void {
    if (key === undefined) {
      this.graph.wakes(nodes.process(subject.member.id), node);
      return;
    }
    const place = nodes.memory(key);
    this.graph.wakes(place, node);
    if (!this.#once(place)) return;
    const havers = this.havers(key);
    const memory = memoryOf(key);
    const isOpen = this.options.strangers?.has(memory) || havers.some(({ look }) => look.shared.some((one) => one.named && one.key === memory));
    if (!this.#allMemoryKnown || isOpen) this.graph.seed(place);
    for (const { member } of [...havers, ...this.#arriving]) this.graph.wakes(nodes.process(member.id), place);
  }

  /** The members that have the memory which a key names. */
  havers(key: string): readonly Subject[] {
    return this.#memory.get(memoryOf(key)) ?? [];
  }

  #childWait(subject: Subject, node: string, pid: number): void {
    // In a pid namespace of its own, the number names another process there.
    const children = pid === 0 || subject.member.inner ? this.#childrenOf(subject) : [this.#byPid.get(pid)];
    // Whoever waits for a child that is gone, or has none, goes on at once.
    if (children.length === 0) this.graph.seed(node);
    for (const child of children) this.#endWait(node, child);
  }

  #endWait(node: string, child: Subject | undefined): void {
    if (child) this.graph.wakes(nodes.end(child.member.id), node);
    else this.graph.seed(node);
  }

  #lockWait(node: string, holders: readonly number[]): void {
    if (holders.length === 0) this.graph.seed(node);
    for (const pid of holders) {
      const holder = this.#byPid.get(pid);
      if (holder) this.graph.wakes(nodes.process(holder.member.id), node);
      else this.graph.seed(node);
    }
  }

  #fileWait(subject: Subject, node: string, fd: number, want: string, passed: Set<number>): void {
    const file = subject.files.get(fd);
    if (!file || !this.#allFilesKnown) {
      this.graph.seed(node);
      return;
    }
    if (file.watches) {
      if (passed.has(fd)) return;
      passed.add(fd);
      for (const watched of file.watches) this.#fileWait(subject, node, watched, 'read', passed);
      return;
    }
    if (file.pid !== undefined) {
      this.#endWait(node, this.#byPid.get(file.pid));
      return;
    }
    const place = (want === 'write' ? nodes.write : nodes.read)(file.object);
    this.graph.wakes(place, node);
    if (this.#once(place)) this.#place(place, file, want);
  }

  /** Who may put data into an object, or make room in it. */
  #place(place: string, file: FileLook, want: string): void {
    const wakers = this.#wakersOf(file, want);
    if (wakers === 'outside') this.graph.seed(place);
    else for (const { member } of wakers) this.graph.wakes(nodes.process(member.id), place);
  }

  #wakersOf(file: FileLook, want: string): readonly Subject[] | 'outside' {
    const { object } = file;
    if (object.startsWith('pipe:')) return this.othersOf(object, want);
    if (file.listens !== undefined) return isOfRun(file.listens) ? this.subjects : 'outside';
    const other = otherSide(file);
    if (other === undefined || this.options.strangers?.has(`${other} rw`)) return 'outside';
    return this.#listeners.get(other) ?? this.#holders.get(`${other} rw`) ?? 'outside';
  }

  /** Who holds the end of a pipe that one who wants to `read` or `write` needs. Nobody of the run: then somebody outside does. */
  othersOf(pipe: string, want: string): readonly Subject[] | 'outside' {
    const needed = want === 'write' ? 'r' : 'w';
    if (this.options.strangers?.has(`${pipe} ${needed}`) || this.options.strangers?.has(`${pipe} rw`)) return 'outside';
    const found = [...this.#holders.get(`${pipe} ${needed}`) ?? [], ...this.#holders.get(`${pipe} rw`) ?? []];
    return found.length > 0 ? found : 'outside';
  }

  #once(place: string): boolean {
    if (this.#told.has(place)) return false;
    this.#told.add(place);
    return true;
  }
}

/** What somebody must have to write what is read from a file that is no pipe; undefined where nobody knows. */
export function otherSide({ object, peer }: FileLook): string | undefined {
  if (object.startsWith('socket:')) return peer;
  if (object.startsWith('eventfd:')) return object;
  const [, side, number] = /^(pts|ptmx):(.+)$/.exec(object) ?? [];
  return number === undefined ? undefined : `${side === 'pts' ? 'ptmx' : 'pts'}:${number}`;
}

/** The memory that a key of a place in it names. */
const memoryOf = (key: string): string => key.slice(0, key.lastIndexOf('+'));

/** The semaphore that a key names, as one who has it describes it. */
export function semaphoreOf(subject: Subject, key: string): ObjectFact | undefined {
  return [...subject.objects.values()].find(({ handle }) => handle !== undefined && sharedKey(subject, handle) === key);
}

/** The pool of processes that an object of a pool belongs to; undefined where there is none. */
export function poolOf({ objects }: Subject, object: ObjectFact): ObjectFact | undefined {
  const pool = object.type === 'Pool' ? object : object.of === undefined ? undefined : objects.get(object.of);
  return pool?.type === 'Pool' ? pool : undefined;
}

const isPoolThread = ({ fact }: Thread): boolean => fact?.frames.some(({ function: name }) => /(^|\.)_handle_(tasks|results)$/.test(name)) ?? false;

/** The main thread of a manager's process looks once a second whether another thread of it has ended the service, and does nothing else. */
const isManagersMain = ({ main, fact }: Thread): boolean => main && (fact?.frames.some(({ file, function: name }) => /(^|\.)serve_forever$/.test(name) && file.endsWith('managers.py')) ?? false);

function put<T>(map: Map<string, T[]>, key: string, value: T): void {
  const held = map.get(key);
  if (!held) map.set(key, [value]);
  else if (held.at(-1) !== value) held.push(value);
}

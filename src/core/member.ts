import type { ProcessRef, Runtime, Site } from './events';
import type { Exit } from './exits';

/** What is known of one process of a run: the derived, readable form of its claims. Times in ms since the epoch. */
export interface Member {
  id: ProcessRef;
  /** in the pid namespace of the run's launcher; in its own one where it was never seen from outside */
  pid: number;
  /** of a process in another pid namespace (a container, `unshare --pid`): what it is called there, the name by which its probe goes */
  inner: { pid: number; id: ProcessRef | null } | null;
  /** whether the observer itself has seen it among what the run's root has started: a probe may be mistaken, or lie */
  confirmed: boolean;
  startedAt: number;
  endedAt: number | null;
  /** logical parent: who asked for the process */
  parent: ProcessRef | null;
  /** the parent in the operating system, last seen while alive */
  osParent: number | null;
  runtime: Runtime;
  role: 'root' | 'child' | 'worker' | 'helper';
  name: string;
  /** what it calls itself in process lists (`setproctitle`, `process.title`, PR_SET_NAME), null where it keeps its command line */
  title: string | null;
  daemon: boolean | null;
  startMethod: string;
  target: { function: string; file: string; line: number } | null;
  /** bounded repr of the target's arguments */
  args: string | null;
  argv: string[];
  cwd: string | null;
  exe: string | null;
  version: string | null;
  /** where the program created it */
  site: Site | null;
  state: 'starting' | 'running' | 'stopped' | 'exited';
  marks: Mark[];
  exit: Exit | null;
  endedBy: EndedBy | null;
  /** what to think of its end, null while it lives */
  outcome: Outcome | null;
  error: { type: string; message: string; traceback: string } | null;
  /** the letter that the operating system gives its state, while it lives */
  osState: string | null;
  /** share of one core now (1 = a full core), null when not measured */
  load: number | null;
  rss: number | null;
  threadCount: number | null;
  cpuSeconds: number | null;
  peakRssBytes: number | null;
  rank: number | null;
  localRank: number | null;
  worldSize: number | null;
  /** name of the host that it runs on, where a rank or its child tells */
  host: string | null;
  threads: WorkerThread[];
}

/**
 * `zombie`: it has ended, and its living parent has not waited for it. `unreaped`: the same, but its parent ended first, so
 * that waiting is up to init. `orphan`: it lives, and its parent ended. `outside`: no probe is in it.
 */
export type Mark = 'zombie' | 'unreaped' | 'orphan' | 'outside';

/**
 * Who sent the signal that ended a member: Procession, a member of the run with its call, the kernel for want of memory (with
 * its evidence in `via`), somebody outside the run, or nobody that is known.
 */
export interface EndedBy {
  by: 'procession' | 'member' | 'kernel' | 'outside' | 'unknown';
  signal: string;
  member?: ProcessRef;
  via?: string;
  site?: Site;
}

/**
 * What to think of a member's end, decided in `derive/outcomes.ts` alone; every face takes colour and words from here.
 * `ok`: it came to its own end with exit code 0. `ended`: somebody ended it whose business that was, be it a person, its
 * pool or the process that had started it. `failed`: anything else that is known. `unknown`: it cannot be told.
 */
export interface Outcome {
  verdict: 'ok' | 'ended' | 'failed' | 'unknown';
  /** a few words in lower case, as they follow an exit code: "terminated by its parent" */
  reason: string;
}

/** A worker thread of Node. */
export interface WorkerThread {
  id: number;
  name: string;
  file: string | null;
  /** a thread has exited at the latest when its process has */
  state: 'running' | 'exited';
  /** null while it runs, and where nobody told it: its process took it along */
  code: number | null;
  startedAt: number;
  endedAt: number | null;
  /** its id in the operating system */
  tid: number | null;
  /** where the program created it, and the number of the thread that did, if not the main thread */
  site: Site | null;
  creator: number | null;
  /** where it called process.exit() */
  exitSite: Site | null;
  /** `itself`: it has said so; `terminated`: its creator called terminate(); `abruptly`: neither. null: it runs, or ended with its process */
  ended: 'itself' | 'terminated' | 'abruptly' | null;
}

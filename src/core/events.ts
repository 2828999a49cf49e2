import type { Answer, Look, Ports, Tasks } from './insight/facts';

/**
 * The event vocabulary: what the probes, the sampler and the launcher write, one JSON object a line,
 * into `<run directory>/events/*.ndjson`, and the reducer folds. This file is the contract between
 * them; the probes (Python and Node) import nothing and are held to it by tests on both sides.
 *
 * Rules of the vocabulary:
 * - Facts are neutral. An exit is `{code, signal}` as `wait(2)` tells it (`code` null when a signal
 *   ended the process); Python's −15 is made from it by the reducer.
 * - A reader must cope with any order, repetition and omission of events.
 * - Times `t` are milliseconds since the epoch, with a fraction.
 */

/**
 * Who a fact is about. `"<pid>.<start>"` names one process for ever; a bare `"<pid>"` means whoever had
 * that pid at the event's time `t`. `start` is, on Linux, field 22 of `/proc/<pid>/stat` (clock ticks
 * since boot, proc_pid_stat(5)); it stays the same across `exec`. Where there is no `/proc`, a probe
 * uses `m<milliseconds since the epoch>` taken once when it loads.
 *
 * A pid counts in the pid namespace of the run's launcher. One of another namespace (a container, bubblewrap,
 * `unshare --pid`) is written `"<pid>@<namespace>"`, with or without a start: see `namespaces.ts`.
 */
export type ProcessRef = string;

export type Runtime = 'python' | 'node' | 'other';

/** A place in the user's source. `line` counts from 1. */
export interface Site {
  file: string;
  line: number;
  function?: string;
}

/** How a process ended, as the operating system says it: one of the two is null. */
export interface Ending {
  code: number | null;
  signal: string | null;
}

interface Base {
  /** milliseconds since the epoch */
  t: number;
  /** the process that writes the event (for `by: "procession"` events: the launcher or a window) */
  id: ProcessRef;
}

/** A probe came up in a process: after exec, or in a forked child. A second one with the same id means it exec'ed. */
export interface StartEvent extends Base {
  e: 'start';
  ppid: number;
  /** its process group */
  pgid?: number;
  /** the nearest ancestor with a probe, by environment or, after a fork, by memory */
  parent?: ProcessRef;
  runtime: Runtime;
  version?: string;
  argv: string[];
  cwd?: string;
  exe?: string;
  /** how this process came to be, where the process itself knows it ("fork" for a multiprocessing child, "os.fork", …) */
  method?: string;
  name?: string;
  daemon?: boolean;
  /** for a forked child: where in the program the call to fork stands */
  site?: Site;
  /** as in {@link SpawnEvent}, where the child of a fork itself tells it */
  threads?: number;
  /** name of the host, told by processes that a launcher numbers (ranks): it may be another than the run's */
  host?: string;
}

/** A parent created a child. Written by the parent, as soon as the pid is known. */
export interface SpawnEvent extends Base {
  e: 'spawn';
  child: ProcessRef;
  /** fork, spawn, forkserver, os.fork, subprocess, child_process.spawn, child_process.fork, cluster, … */
  method: string;
  name?: string;
  daemon?: boolean;
  role?: 'child' | 'worker' | 'helper';
  target?: Site;
  /** bounded repr of the arguments, at most 400 characters */
  args?: string;
  argv?: string[];
  cwd?: string;
  /** where in the user's program the call stands */
  site?: Site;
  /** how many threads the parent had, where it has forked and had more than one */
  threads?: number;
}

/**
 * A parent calls for a child and its end in one (`spawnSync`, `execSync`): until the `spawn` and `reap` that
 * follow, it is blocked in this call. The child's pid is not known before.
 */
export interface CallEvent extends Base {
  e: 'call';
  method: string;
  argv?: string[];
  site?: Site;
  /** the worker thread that calls, if not the main thread */
  thread?: number;
}

/** A parent tried to create a child and the operating system refused. */
export interface SpawnFailedEvent extends Base {
  e: 'spawnFailed';
  method: string;
  message: string;
  argv?: string[];
  site?: Site;
}

/** A process learned or changed something about itself (`MainProcess`, a new name, a rank). */
export interface SelfEvent extends Base {
  e: 'self';
  name?: string;
  daemon?: boolean;
  role?: 'child' | 'worker' | 'helper';
  method?: string;
  target?: Site;
  rank?: number;
  localRank?: number;
  worldSize?: number;
}

/** A process is about to replace its image. Its pid and start stay. */
export interface ExecEvent extends Base {
  e: 'exec';
  argv: string[];
  site?: Site;
}

/** An uncaught exception. */
export interface ErrorEvent extends Base {
  e: 'error';
  type: string;
  message: string;
  traceback: string;
  /** the thread that it has ended, or that has met it: the process itself goes on */
  thread?: string;
  /** where what is at fault was written, if not on the stack */
  site?: Site;
}

/** A process's own last words. `cpu` in seconds, `rss` is the peak in bytes. */
export interface ExitEvent extends Base, Ending {
  e: 'exit';
  /** return, sys.exit, exception, os._exit, process.exit, … */
  via?: string;
  site?: Site;
  cpu?: number;
  rss?: number;
}

/** A parent's runtime reaped a child. */
export interface ReapEvent extends Base, Ending {
  e: 'reap';
  child: ProcessRef;
}

/** The program itself has looked at how a child of its ended. `child` is a bare pid. */
export interface ReadEvent extends Base {
  e: 'read';
  child: ProcessRef;
}

/** A signal was sent: by a member (`by` absent) or by Procession on a person's wish. */
export interface SignalEvent extends Base {
  e: 'signal';
  /** a bare negative number names a process group, "-1" everybody */
  to: ProcessRef;
  signal: string;
  by?: 'procession';
  /** os.kill, Process.terminate, Popen.send_signal, child.kill, or the action of Procession */
  via?: string;
  site?: Site;
}

/** The first message that a program of Node sent to a forked child (`child`) or to a worker thread (`thread`): where the call stands. */
export interface SubmitEvent extends Base {
  e: 'submit';
  child?: ProcessRef;
  thread?: number;
  site: Site;
}

/** A parent told a worker of its cluster to end when it has nothing to do any more. */
export interface RetireEvent extends Base {
  e: 'retire';
  child: ProcessRef;
  via?: string;
  site?: Site;
}

/** A worker thread of Node. */
export interface ThreadEvent extends Base {
  e: 'thread';
  thread: number;
  state: 'running' | 'exited';
  name?: string;
  file?: string;
  code?: number | null;
  site?: Site;
  /** the number of the thread that created it, if not the main thread */
  from?: number;
  /** its id in the operating system */
  tid?: number;
  /** the thread itself says that it ends; one that is terminated, or has reached its limit of memory, does not */
  self?: boolean;
  /** its creator has called terminate() */
  terminated?: boolean;
  /** where it called process.exit(), which ends a thread only */
  exitSite?: Site;
}

/** The launcher describes the run. `bootTime` is the epoch of `start` ticks, `tickMs` their length (Linux only). */
export interface RunEvent extends Base {
  e: 'run';
  run: string;
  command: string[];
  cwd: string;
  host: string;
  /** Node's name of the operating system: linux, darwin, win32 (signal numbers differ) */
  platform?: string;
  bootTime?: number;
  tickMs?: number;
}

/** The launcher started the root. */
export interface RootEvent extends Base {
  e: 'root';
  child: ProcessRef;
}

/** The launcher could not start the root; `message` says why and what to do. */
export interface LaunchFailedEvent extends Base {
  e: 'launchFailed';
  message: string;
}

/** The launcher reaped the root. */
export interface RootExitEvent extends Base, Ending {
  e: 'rootExit';
  child: ProcessRef;
}

/** Nobody observes any longer: all members ended, or the launcher had to leave (`reason`). */
export interface EndEvent extends Base {
  e: 'end';
  reason?: string;
}

/** The sampler met a process of the run, or saw its parent, process group, session or command line change. */
export interface SeenEvent extends Base {
  e: 'seen';
  child: ProcessRef;
  ppid: number;
  /** its process group and session */
  pgid?: number;
  sid?: number;
  comm?: string;
  argv?: string[];
  cwd?: string;
  exe?: string;
  /** milliseconds since the epoch */
  startedAt?: number;
  /** the nearest ancestor with a probe, from the process's environment mark */
  parent?: ProcessRef;
  /** of a process in another pid namespace than the sampler: its pid there */
  innerPid?: number;
  /** what processes of inner pid namespaces call it, where that is known: its own namespace last */
  aliases?: ProcessRef[];
  /** its parent has ended, and `ppid` is who took it over: the init (pid 1) of its pid namespace, or a subreaper (prctl(2), PR_SET_CHILD_SUBREAPER) */
  reaper?: 'init' | 'subreaper';
}

/** Numbers of one process. `cpu` seconds so far, `load` share of one core now (1 = a full core), `rss` bytes. */
export interface SampleEvent extends Base {
  e: 'sample';
  child: ProcessRef;
  ppid: number;
  /** the operating system's letter: R S D T t Z X I */
  state: string;
  cpu: number;
  load?: number;
  rss: number;
  threads?: number;
}

/** The sampler found the process ended but not reaped; the ending is the kernel's (field 52), null where not readable. */
export interface ZombieEvent extends Base, Ending {
  e: 'zombie';
  child: ProcessRef;
}

/** The process has left the process table. `cpu` and `rss` (peak) as last seen. */
export interface GoneEvent extends Base {
  e: 'gone';
  child: ProcessRef;
  cpu?: number;
  rss?: number;
  /** when its numbers last changed, in ms since the epoch: since then it was idle */
  active?: number;
}

/** The kernel has killed processes for want of memory between `since` and `t`; `evidence` names the counter that stepped, by `kills`. */
export interface OutOfMemoryEvent extends Base {
  e: 'outOfMemory';
  since: number;
  kills: number;
  evidence: string;
}

/** An inquiry: what the operating system shows of a member's threads and open files. `round` is the inquiry's number, the time of its beginning. */
export interface LookEvent extends Base {
  e: 'look';
  child: ProcessRef;
  round: number;
  view: Look;
}

/** An inquiry: what the probe inside a member answered. */
export interface AnswerEvent extends Base {
  e: 'answer';
  child: ProcessRef;
  round: number;
  view: Answer;
}

/** More threads of the run want to run than the machine has cores for, by far. */
export interface CrowdEvent extends Base {
  e: 'crowd';
  running: number;
  cores: number;
  /** the members that they belong to, those with most first */
  members: ProcessRef[];
}

/** A member failed because a port was in use: who held the ports that it may have meant. */
export interface PortsEvent extends Base {
  e: 'ports';
  child: ProcessRef;
  view: Ports;
}

/** What a worker's page of tasks told: when somebody looked, when it had ended, or at the end of the run. */
export interface TasksEvent extends Base {
  e: 'tasks';
  child: ProcessRef;
  view: Tasks;
}

/** An inquiry is complete. `reason`: `quiet` (nothing happened for a while), `asked` (by a person). */
export interface InquiryEvent extends Base {
  e: 'inquiry';
  round: number;
  reason: string;
  /** what members wait for and somebody outside the run has, too: `pipe:[88412] w`, a key of shared memory */
  strangers?: string[];
}

/** Something about the observation itself that a person should know. */
export interface ProblemEvent extends Base {
  e: 'problem';
  kind: string;
  message: string;
}

export type Event =
  | StartEvent | SpawnEvent | CallEvent | SpawnFailedEvent | SelfEvent | ExecEvent | ErrorEvent | ExitEvent | ReapEvent | ReadEvent
  | SignalEvent | SubmitEvent | RetireEvent | ThreadEvent | RunEvent | RootEvent | LaunchFailedEvent | RootExitEvent | EndEvent
  | SeenEvent | SampleEvent | ZombieEvent | GoneEvent | OutOfMemoryEvent | LookEvent | AnswerEvent | InquiryEvent | PortsEvent | CrowdEvent | TasksEvent | ProblemEvent;

export type EventType = Event['e'];

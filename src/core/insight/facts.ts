import type { Shaped } from './shape';

/**
 * What an inquiry learns of a member: what the operating system shows of its threads (`look`), and what the probe inside it
 * answers (`answer`). These are the contents of the events of the same names.
 */

/**
 * A thread as the kernel shows it. `on` says what it waits for:
 *
 * | on | |
 * | --- | --- |
 * | `cpu`, `disk` | it runs, or is ready to; uninterruptible sleep |
 * | `time` | any wait with a time limit |
 * | `futex` | a lock of memory: `key` when processes share it, else only its own process can wake it |
 * | `files` | to read or write some of its descriptors (`files`); `loop` when it asked for many at once (epoll, poll, select) |
 * | `child` | the end of a child: `pid`, or 0 for any |
 * | `lock` | a lock on a file, held by `holders` (pids) |
 * | `signal` | a signal |
 * | `stopped`, `ended` | stopped by a signal (`tracer` if by a debugger); ended |
 * | `unknown` | anything else, or not readable |
 */
export const threadLook = {
  tid: 'number',
  name: 'string',
  /** how often it got a core so far: unchanged between two looks, it has not run in between; −1 where the kernel does not count */
  ran: 'number',
  on: 'string',
  /** it was blocked in this very wait since then, in ms since the epoch: looks before this one have found it so */
  'since?': 'number',
  /** name of the system call */
  'call?': 'string',
  'key?': 'string',
  'address?': 'string',
  'files?': [{ fd: 'number', want: 'string' }],
  'loop?': 'boolean',
  'pid?': 'number',
  'holders?': ['number'],
  'tracer?': 'boolean',
} as const;

/**
 * An open descriptor that somebody could wait for; regular files are left out. `object` names it alike in all processes
 * (`pipe:[88412]`), `way` tells which ends of it this one is: `r`, `w` or `rw`.
 */
export const fileLook = {
  fd: 'number',
  object: 'string',
  way: 'string',
  /** of a connected socket: the other end, as an object; absent where nobody of the run has it */
  'peer?': 'string',
  /** a socket of TCP, not one of this machine's alone */
  'internet?': 'boolean',
  /** of a socket that takes connections: its address */
  'listens?': 'string',
  /** bytes that wait to be read, or connections to be accepted; where known */
  'unread?': 'number',
  /** of a pidfd: the process */
  'pid?': 'number',
  /** of an epoll: the descriptors that it watches */
  'watches?': ['number'],
} as const;

/** Memory that processes share: an address range and what it lies in. `named`: anybody who knows its name may come and share it. */
export const sharedLook = { from: 'number', to: 'number', key: 'string', 'named?': 'boolean' } as const;

export const lookShape = {
  threads: [threadLook],
  files: [fileLook],
  shared: [sharedLook],
  /** its parent in the operating system */
  ppid: 'number',
  /** it leads a session of its own: what ends its parent's does not reach it */
  leads: 'boolean',
  /** time of its newest event when it was looked at, in ms since the epoch; 0: it has never spoken */
  heard: 'number',
  /** signals that it catches */
  catches: ['string'],
  /** what could not be read: `files`, `maps` */
  hidden: ['string'],
} as const;

/** A frame of a stack. `own`: of the program itself, neither of the standard library nor of a package. `about`: the object at work, see {@link objectFact}. */
export const frameFact = { file: 'string', line: 'number', function: 'string', 'own?': 'boolean', 'about?': 'number' } as const;

const siteFact = { file: 'string', line: 'number', 'function?': 'string' } as const;

/**
 * An object of the program that threads wait for, or that explains why they wait. Which fields there are depends on `type`:
 * Lock, RLock, Semaphore, BoundedSemaphore, Condition, Event, Barrier, Queue, SimpleQueue, Process, Connection, Pool, Executor, Future, …
 */
export const objectFact = {
  n: 'number',
  type: 'string',
  /** where the program made it */
  'made?': siteFact,
  'name?': 'string',
  /** a semaphore: its address, how often this process holds it, its value, whether the asked thread itself holds it */
  'handle?': 'number',
  'count?': 'number',
  'value?': 'number',
  'max?': 'number',
  'mine?': 'boolean',
  /** the object that it is a part of, and as what */
  'of?': 'number',
  'as?': 'string',
  /** parts of it by number */
  'parts?': ['number'],
  'pid?': 'number',
  'fds?': ['number'],
  /** a queue or pool: items in it, items that its own process has not sent yet, its limit */
  'size?': 'number',
  'unsent?': 'number',
  'limit?': 'number',
  /** a pool or executor */
  'workers?': ['number'],
  'pending?': 'number',
  'queued?': 'number',
  'state?': 'string',
  'lost?': 'string',
  'functions?': ['string'],
  /** a barrier: how many it is for, and how many have come */
  'parties?': 'number',
  'waiting?': 'number',
  /** the thread (native id) that holds it or does its work */
  'owner?': 'number',
  'text?': 'string',
  /** of Node: events that the program listens for, with the number of listeners: `exit 1` */
  'heard?': ['string'],
} as const;

/** A task that a pool's worker runs now. */
export const taskFact = { function: 'string', 'arguments?': 'string', 'number?': 'number', 'since?': 'number', 'chunk?': 'number', 'site?': siteFact } as const;

export const threadFact = {
  tid: 'number',
  name: 'string',
  'daemon?': 'boolean',
  /** innermost first */
  frames: [frameFact],
  'task?': taskFact,
} as const;

/** What the probe answers: of Python, threads and objects; of Node, what keeps it alive. */
export const answerShape = {
  /** why there is no answer */
  'silent?': 'string',
  'threads?': [threadFact],
  'objects?': [objectFact],
  /** suspended coroutines of asyncio, or functions of Node that wait */
  'waiting?': [{ name: 'string', frames: [frameFact] }],
  /** of Node: the kinds of resources that keep it alive */
  'resources?': ['string'],
} as const;

/** What a worker's page of tasks tells: times in ms. `current` is the task that it was in when it was looked at, or when it ended. */
export const tasksShape = {
  started: 'number',
  done: 'number',
  failed: 'number',
  /** bytes of the tasks that were timed */
  bytes: 'number',
  busy: 'number',
  longest: 'number',
  /** tasks that were not timed, because they are so short and many */
  untimed: 'number',
  'current?': taskFact,
  functions: [{ function: 'string', 'site?': siteFact, 'tasks?': 'number' }],
  /** the latest spans: begin in ms since the epoch, length in ms, number of the function, whether it failed */
  spans: [{ t: 'number', ms: 'number', function: 'number', failed: 'boolean' }],
} as const;

export type Tasks = Shaped<typeof tasksShape>;

/** Ports that are listened on: by a member (`holder`), or by somebody else (`text` says who). */
export const portsShape = [{ port: 'number', holder: 'string', text: 'string' }] as const;

export type Ports = Shaped<typeof portsShape>;
export type ThreadLook = Shaped<typeof threadLook>;
export type FileLook = Shaped<typeof fileLook>;
export type Look = Shaped<typeof lookShape>;
export type FrameFact = Shaped<typeof frameFact>;
export type ObjectFact = Shaped<typeof objectFact>;
export type ThreadFact = Shaped<typeof threadFact>;
export type Answer = Shaped<typeof answerShape>;

import type { Site } from '../events';
import { baseName } from '../paths';
import type { FrameFact, ObjectFact } from './facts';
import type { Subject, Thread } from './threads';

/**
 * What a thread waits for, in the words of its program.
 *
 * | kind | |
 * | --- | --- |
 * | `lock`, `condition`, `event`, `barrier` | one of `multiprocessing.synchronize` or `threading` (`isLocal`) |
 * | `get`, `put`, `drain` | an item of a queue, room in it, that all of its items are done (`JoinableQueue.join`) |
 * | `feed` | the thread of a queue that sends what was put |
 * | `result` | a result of a pool or an executor, or its end |
 * | `join` | the end of a child |
 * | `thread` | the end of another thread |
 * | `import` | the lock of a module that another thread imports |
 * | `proxy` | the answer of a manager |
 * | `receive`, `send` | data on a pipe or socket, room in it |
 * | `stdin` | input |
 * | `idle` | a worker that waits for its next task, or a thread that a library keeps for itself |
 * | `loop` | an event loop, for whatever comes |
 * | `call` | the end of a child that Node started synchronously |
 * | `atomics` | `Atomics.wait` in Node |
 * | `other` | something else |
 */
export interface Wait {
  subject: Subject;
  thread: Thread;
  kind: WaitKind;
  /** as a person would call it: `Queue.get`, `Lock.acquire` */
  call: string;
  /** the object that it waits on, where the probe knows it */
  object: ObjectFact | undefined;
  /** the object of the operating system: a pipe or socket, or the key of shared memory */
  place: string | undefined;
  /** the line of the program from which it waits */
  site: Site | undefined;
  /** the lines of the program on its stack, innermost first */
  path: Site[];
  /** among threads of one process */
  isLocal: boolean;
}

export type WaitKind =
  | 'lock' | 'condition' | 'event' | 'barrier' | 'get' | 'put' | 'drain' | 'feed' | 'result' | 'join' | 'thread' | 'import' | 'proxy'
  | 'receive' | 'send' | 'stdin' | 'idle' | 'loop' | 'call' | 'atomics' | 'other';

const shortName = (name: string): string => name.slice(name.lastIndexOf('.') + 1);
const isIn = ({ file }: FrameFact, name: string): boolean => baseName(file) === name;

/** A forked child has the frames of its parent below its own: they are not what it does. */
function ownPart(frames: readonly FrameFact[]): FrameFact[] {
  const start = frames.findIndex((frame) => shortName(frame.function) === '_bootstrap' && isIn(frame, 'process.py'));
  return start < 0 ? [...frames] : frames.slice(0, start);
}

const siteOf = ({ file, line, function: name }: FrameFact): Site => ({ file, line, ...(name === '<module>' ? {} : { function: name }) });

/** What the function of a library means, called on an object of a type. Classes first, since their methods share names. */
const meanings: readonly [type: RegExp, name: RegExp, kind: WaitKind, call: string][] = [
  [/^(Joinable|Simple|_Safe)?Queue$|^LifoQueue$|^PriorityQueue$/, /^get$/, 'get', 'Queue.get'],
  [/^(Joinable|Simple|_Safe)?Queue$|^LifoQueue$|^PriorityQueue$/, /^put$/, 'put', 'Queue.put'],
  [/Queue$/, /^join$/, 'drain', 'Queue.join'],
  [/^(R?Lock|(Bounded)?Semaphore)$/, /^(__enter__|acquire)$/, 'lock', 'acquire'],
  [/^Condition$/, /^wait(_for)?$/, 'condition', 'Condition.wait'],
  [/^Event$/, /^wait$/, 'event', 'Event.wait'],
  [/^Barrier$/, /^wait$/, 'barrier', 'Barrier.wait'],
  [/Process$/, /^join$|^_exit_function$/, 'join', 'Process.join'],
  [/^Popen$/, /^(wait|communicate|__exit__)$/, 'join', 'Popen.wait'],
  [/Pool$/, /^(map|starmap|apply|join|__exit__)$/, 'result', 'Pool'],
  [/(Result|IMapIterator|IMapUnorderedIterator)$/, /^(get|wait|next|__next__)$/, 'result', 'result of a Pool'],
  [/Future$/, /^(result|exception|as_completed|wait|result_iterator)$/, 'result', 'Future.result'],
  [/Executor$/, /^(shutdown|__exit__|map)$/, 'result', 'Executor.shutdown'],
  [/^_ModuleLock$/, /^acquire$/, 'import', 'import'],
  [/Proxy/, /^_callmethod$/, 'proxy', 'manager'],
  [/Connection$/, /^(recv|recv_bytes|recv_bytes_into|wait)$/, 'receive', 'Connection.recv'],
  [/Connection$/, /^(send|send_bytes)$/, 'send', 'Connection.send'],
  [/Thread$|^Timer$/, /^join$/, 'thread', 'Thread.join'],
];

/** Functions of libraries that keep a thread of their own, or a worker without a task, waiting. */
const keepsIdle = /^(_handle_workers|_handle_tasks|_handle_results|wait_result_broken_or_wakeup|_queue_management_worker|_ExecutorManagerThread\.run)$/;
const runsTasks = /^(worker|_process_worker|_worker)$/;

interface Recognized {
  kind: WaitKind;
  call: string;
  object: ObjectFact | undefined;
  isLocal: boolean;
}

const isLocalObject = (frame: FrameFact): boolean => /(^|[\\/])(threading|queue)\.py$/.test(frame.file);

/** The call that a program made, seen in the frames of libraries above its own: the outermost that means something. */
function recognize(subject: Subject, library: readonly FrameFact[]): Recognized | undefined {
  const feeder = library.find((frame) => shortName(frame.function) === '_feed');
  if (feeder) return feeding(subject, library, feeder);
  for (const frame of [...library].reverse()) {
    const name = shortName(frame.function);
    const object = frame.about === undefined ? undefined : subject.objects.get(frame.about);
    if (keepsIdle.test(name) || keepsIdle.test(frame.function)) return { kind: 'idle', call: name, object, isLocal: true };
    if (!object) continue;
    const found = meanings.find(([type, method]) => type.test(object.type) && method.test(name));
    if (found) return { kind: found[2], call: callOf(found, object, library), object, isLocal: isLocalObject(frame) };
  }
  return undefined;
}

function callOf([, , kind, call]: (typeof meanings)[number], object: ObjectFact, library: readonly FrameFact[]): string {
  if (kind === 'lock') return `${object.type}.acquire`;
  if (kind !== 'proxy') return call;
  // The method of the proxy stands just outside of _callmethod.
  const at = library.findIndex(({ function: name }) => shortName(name) === '_callmethod');
  return `${object.name ?? 'proxy'}.${shortName(library[at + 1]?.function ?? '')}`;
}

function feeding(subject: Subject, library: readonly FrameFact[], feeder: FrameFact): Recognized {
  const object = feeder.about === undefined ? undefined : subject.objects.get(feeder.about);
  const inner = library.slice(0, library.indexOf(feeder));
  const isImport = inner.find(({ about }) => about !== undefined && subject.objects.get(about)?.type === '_ModuleLock');
  if (isImport) return { kind: 'import', call: 'import', object: subject.objects.get(isImport.about ?? -1), isLocal: true };
  if (inner.some((frame) => shortName(frame.function) === 'wait' && isIn(frame, 'threading.py'))) return { kind: 'idle', call: 'feeder', object, isLocal: true };
  return { kind: 'feed', call: 'Queue.put', object, isLocal: false };
}

/** What a thread waits for as the kernel shows it, where no probe tells more. */
function fromOutside(subject: Subject, { tid, main, look: seen }: Thread): Pick<Wait, 'kind' | 'call'> {
  const { member, files, look, call } = subject;
  if (member.runtime === 'node') {
    const isScript = main || member.threads.some((thread) => thread.tid === tid && thread.ended === null);
    // The threads of V8 and libuv, and that of the inspector, wait for work.
    if (!isScript) return { kind: 'idle', call: seen.call ?? seen.on };
    if (main && call) return { kind: 'call', call: call.method.replace('child_process.', '') };
    if (seen.on === 'futex') return { kind: 'atomics', call: 'Atomics.wait' };
  }
  if (seen.on === 'child') return { kind: 'join', call: seen.call ?? 'wait' };
  if (seen.on === 'futex') return { kind: seen.key === undefined ? 'other' : 'lock', call: 'lock' };
  if (seen.on !== 'files') return { kind: 'other', call: seen.call ?? seen.on };
  if (seen.loop) return { kind: 'loop', call: seen.call ?? '' };
  const [first] = seen.files ?? [];
  if (!first) return { kind: 'other', call: seen.call ?? '' };
  if (first.fd === 0 && first.want === 'read') return { kind: 'stdin', call: 'read' };
  const file = files.get(first.fd);
  return { kind: first.want === 'write' ? 'send' : 'receive', call: `${first.want} ${file?.object ?? ''} ${look.hidden.join('')}`.trim() };
}

/** What the operating system shows the thread to wait on: one pipe, socket or piece of shared memory. */
function placeOf({ files }: Subject, { look }: Thread): string | undefined {
  if (look.on === 'futex') return look.key;
  if (look.on !== 'files' || look.loop) return undefined;
  return files.get(look.files?.[0]?.fd ?? -1)?.object;
}

/** Reads from a thread what it waits for. */
export function waitOf(subject: Subject, thread: Thread): Wait {
  const frames = ownPart(thread.fact?.frames ?? []);
  const own = frames.findIndex((frame) => frame.own);
  const library = own < 0 ? frames : frames.slice(0, own);
  const path = frames.filter((frame) => frame.own).map(siteOf);
  const worker = library.find((frame) => runsTasks.test(shortName(frame.function)));
  const recognized = recognize(subject, library);
  const outside = fromOutside(subject, thread);
  const called = thread.main ? subject.call?.site : undefined;
  const base = { subject, thread, place: placeOf(subject, thread), site: path[0] ?? called, path: path.length === 0 && called ? [called] : path };
  if (worker && !thread.fact?.task && (recognized?.kind === 'get' || recognized?.kind === 'lock' || recognized === undefined)) {
    return { ...base, kind: 'idle', call: 'worker', object: recognized?.object, isLocal: false };
  }
  const object = recognized?.object ?? semaphoreAt(subject, thread);
  if (recognized) return { ...base, ...recognized, object };
  if (object) return { ...base, kind: 'lock', call: `${object.type}.acquire`, object, isLocal: false };
  // A lock of threading is taken in C: nothing of a library is on the stack above the program's line.
  if (path.length > 0 && library.length === 0 && thread.look.on === 'futex' && thread.look.key === undefined) return { ...base, kind: 'lock', call: 'threading.Lock', object: undefined, isLocal: true };
  return { ...base, ...outside, object: undefined, isLocal: thread.look.on === 'futex' && thread.look.key === undefined };
}

/** The semaphore at the address at which a thread waits. */
function semaphoreAt({ objects }: Subject, { look }: Thread): ObjectFact | undefined {
  if (look.on !== 'futex' || look.address === undefined) return undefined;
  const address = parseInt(look.address, 16);
  return [...objects.values()].find(({ handle }) => handle === address);
}

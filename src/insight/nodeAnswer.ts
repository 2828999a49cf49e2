import type { Answer, FrameFact, ObjectFact, ThreadFact } from '../core/insight/facts';
import { framesOf, isOwnFile } from '../core/findings/endings';
import type { Member } from '../core/members';
import { closeInspector, openInspector, speak, threadsOf, valueOf, type Talk } from './inspector';

/**
 * Asks a Node process by its inspector: stacks of its threads, the lines on which its async functions are suspended, and what keeps
 * it alive. Node prints "Debugger attached" then, so only where a person has asked, or the run is being stopped anyway.
 */

/** ms that a process has to open its inspector, and to answer */
const patience = 4_000;
const threadPatience = 1_500;
/** A snapshot of a heap that is bigger than this (bytes) would take too long. */
const biggestHeap = 256 * 1024 * 1024;
const mostFunctions = 200;

/** Runs in a thread of the process, on top of what it does. */
const look = `(() => {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 100;
  const { stack } = new Error();
  Error.stackTraceLimit = limit;
  const heard = (emitter) => emitter.eventNames().filter((name) => typeof name === 'string').map((name) => name + ' ' + emitter.listenerCount(name));
  const handles = process._getActiveHandles?.() ?? [];
  return {
    stack,
    heap: process.memoryUsage().heapUsed,
    resources: process.getActiveResourcesInfo?.() ?? [],
    connected: process.connected === true,
    children: handles.filter((one) => one?.constructor?.name === 'ChildProcess').map((child) => ({
      pid: child.pid, argv: child.spawnargs, connected: child.connected === true, ended: child.exitCode !== null || child.signalCode !== null, heard: heard(child),
    })),
  };
})()`;

interface Sample {
  stack: string;
  heap: number;
  resources: string[];
  connected: boolean;
  children: { pid: number; argv: string[]; connected: boolean; ended: boolean; heard: string[] }[];
}

const heardOnWorkers = `function () {
  return this.map((worker) => ({ id: worker.threadId, heard: worker.eventNames().filter((name) => typeof name === 'string').map((name) => name + ' ' + worker.listenerCount(name)) }));
}`;

/** What the program hears of its worker threads. */
async function workersOf(talk: Talk): Promise<{ id: number; heard: string[] }[]> {
  const { result } = await talk.ask('Runtime.evaluate', { expression: 'require("worker_threads").Worker.prototype', includeCommandLineAPI: true, silent: true }) as { result: { objectId?: string } };
  if (result.objectId === undefined) return [];
  const { objects } = await talk.ask('Runtime.queryObjects', { prototypeObjectId: result.objectId }) as { objects: { objectId: string } };
  const answer = await talk.ask('Runtime.callFunctionOn', { objectId: objects.objectId, functionDeclaration: heardOnWorkers, returnByValue: true, silent: true }) as { result: { value?: { id: number; heard: string[] }[] } };
  return answer.result.value ?? [];
}

interface HeapSnapshot {
  snapshot: { meta: { node_fields: string[]; node_types: [string[]] } };
  nodes: number[];
  strings: string[];
}

/** The ids of the generator objects in a snapshot: each call of an async function that has not returned is one. */
function generatorsIn({ snapshot: { meta }, nodes, strings }: HeapSnapshot): number[] {
  const width = meta.node_fields.length;
  const [type, name, id] = ['type', 'name', 'id'].map((field) => meta.node_fields.indexOf(field)) as [number, number, number];
  const object = meta.node_types[0].indexOf('object');
  const found: number[] = [];
  for (let at = 0; at < nodes.length; at += width) {
    if (nodes[at + type] === object && strings[nodes[at + name] ?? 0] === 'Generator') found.push(nodes[at + id] ?? 0);
  }
  return found;
}

interface Property {
  name: string;
  value?: { value?: unknown; description?: string };
}

/** The async functions that are suspended, with their lines. */
async function suspendedIn(talk: Talk): Promise<NonNullable<Answer['waiting']>> {
  const urls = new Map<string, string>();
  talk.on('Debugger.scriptParsed', ({ scriptId, url }: { scriptId: string; url: string }) => urls.set(scriptId, url));
  const chunks: string[] = [];
  talk.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }: { chunk: string }) => chunks.push(chunk));
  await talk.ask('Debugger.enable');
  await talk.ask('HeapProfiler.enable');
  await talk.ask('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  const found: NonNullable<Answer['waiting']> = [];
  for (const id of generatorsIn(JSON.parse(chunks.join('')) as HeapSnapshot).slice(0, mostFunctions)) {
    const frame = await suspendedAt(talk, id, urls).catch(() => undefined);
    if (frame) found.push({ name: frame.function, frames: [frame] });
  }
  await talk.ask('Debugger.disable');
  return found;
}

async function suspendedAt(talk: Talk, id: number, urls: ReadonlyMap<string, string>): Promise<FrameFact | undefined> {
  const { result } = await talk.ask('HeapProfiler.getObjectByHeapObjectId', { objectId: String(id) }) as { result: { objectId: string } };
  const { internalProperties = [] } = await talk.ask('Runtime.getProperties', { objectId: result.objectId, ownProperties: true }) as { internalProperties?: Property[] };
  const property = (name: string): Property['value'] => internalProperties.find((one) => one.name === name)?.value;
  const place = property('[[GeneratorLocation]]')?.value as { scriptId: string; lineNumber: number } | undefined;
  if (property('[[GeneratorState]]')?.value !== 'suspended' || !place) return undefined;
  const file = (urls.get(place.scriptId) ?? '').replace(/^file:\/\//, '');
  const name = /^(?:async )?(?:function\*? ?)?(?:\*)?#?([\w$]+)/.exec(property('[[GeneratorFunction]]')?.description ?? '')?.[1] ?? 'async function';
  return isOwnFile(file) ? { file, line: place.lineNumber + 1, function: name === 'import' ? '<module>' : name, own: true } : undefined;
}

/** The frames of a stack, innermost first, without that of the question itself. */
function framesIn(stack: string): FrameFact[] {
  return framesOf(stack).map(({ file, line, function: name = '<anonymous>' }) => ({ file, line, function: name, ...(isOwnFile(file) ? { own: true } : {}) }));
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const late = new Promise<undefined>((done) => setTimeout(() => done(undefined), ms).unref());
  return Promise.race([promise.catch(() => undefined), late]);
}

/** The answers of the worker threads of these numbers that answer. */
async function threadSamples(talk: Talk, ids: readonly number[]): Promise<Map<number, Sample>> {
  if (ids.length === 0) return new Map();
  const threads = await threadsOf(talk);
  const found = await Promise.all(ids.map(async (id) => {
    const thread = threads.get(id);
    return [id, thread && await within(valueOf(thread, look) as Promise<Sample>, threadPatience)] as const;
  }));
  return new Map(found.flatMap(([id, sample]) => (sample ? [[id, sample] as const] : [])));
}

/** Asks one process of a run (its directory). Rejects when its inspector does not open. */
export async function askNode(run: string, member: Member): Promise<Answer> {
  const running = member.threads.filter(({ state }) => state === 'running');
  const { address, opened } = await openInspector(run, member, patience);
  try {
    return await speak(address, patience, async (talk) => {
      const main = await valueOf(talk, look) as Sample;
      const samples = await threadSamples(talk, running.map(({ id }) => id));
      const workers = running.length > 0 ? await workersOf(talk).catch(() => []) : [];
      const waiting = main.heap < biggestHeap ? await within(suspendedIn(talk), patience) : undefined;
      return answerOf(member, main, samples, workers, waiting ?? []);
    });
  } finally {
    if (opened) await closeInspector(address);
  }
}

function answerOf(member: Member, main: Sample, samples: ReadonlyMap<number, Sample>, workers: { id: number; heard: string[] }[], waiting: NonNullable<Answer['waiting']>): Answer {
  const threads: ThreadFact[] = [{ tid: member.pid, name: 'main thread', frames: framesIn(main.stack) }];
  const objects: ObjectFact[] = main.children.map((child, n) => ({
    n, type: 'ChildProcess', pid: child.pid, text: child.argv.join(' ').slice(0, 200), heard: child.heard, state: child.ended ? 'ended' : child.connected ? 'connected' : 'running',
  }));
  for (const { id, name, tid } of member.threads) {
    const sample = samples.get(id);
    if (sample && tid !== null) threads.push({ tid, name, frames: framesIn(sample.stack) });
    const heard = workers.find((worker) => worker.id === id)?.heard;
    if (heard) objects.push({ n: objects.length, type: 'Worker', name, heard });
  }
  return { threads, objects, waiting, resources: main.resources };
}

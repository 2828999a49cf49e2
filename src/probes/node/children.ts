import { cluster, workerThreads } from './builtins';
import { overhear } from './channels';
import { now } from './clock';
import { mayUseBinding, warnsOfCalls } from './flags';
import { bare, identify } from './identity';
import { record, runIsGone } from './journal';
import { markEnvironment } from './marking';
import { quietly } from './quietly';
import { recordSignal } from './signals';
import type { NativeOptions, Request } from './spawning';
import { callers, siteOf } from './site';
import { describe, recordRefusal, recordSpawn } from './spawning';

/** The native handle of a child. Up to Node 22 spawn() takes one object, from 24 on its parts in this order. */
interface ProcessHandle {
  pid: number;
  spawn: (this: ProcessHandle, ...args: SpawnArguments) => number;
  kill: (this: ProcessHandle, signal: number) => number;
  close: (this: ProcessHandle, ...args: unknown[]) => unknown;
}
type SpawnArguments = [NativeOptions] | SpawnParts;
type SpawnParts = [file: string, args: string[] | undefined, cwd: string | undefined, envPairs: string[] | undefined, stdio: unknown, flags: number, ...rest: unknown[]];

interface ChildProcess {
  _handle: ProcessHandle;
  exitCode: number | null;
  signalCode: string | null;
  /** its listeners, as an EventEmitter keeps them */
  _events?: Record<string, Listener | Listener[] | undefined>;
}
/** A listener of `once` holds that of the program. */
type Listener = ((...args: never[]) => void) & { listener?: (...args: never[]) => void };

/** `kProcessFlagDetached` of Node's process_wrap binding. */
const detachedFlag = 1;
const running = new WeakMap<ProcessHandle, string>();
/** workers of the cluster module, which listens for their ends itself */
const ofCluster = new WeakSet<ProcessHandle>();

/** Both ways of calling take part in this union; the first argument tells them apart. */
const isParts = (args: SpawnArguments): args is SpawnParts => typeof args[0] === 'string';

function toOptions(args: SpawnArguments): NativeOptions {
  if (!isParts(args)) return args[0];
  const [file, argv, cwd, envPairs, , flags] = args;
  return { file, args: argv ?? [file], cwd, envPairs, detached: (flags & detachedFlag) !== 0 };
}

function marked(envPairs: readonly string[], args: readonly string[]): string[] {
  const pairs = [...envPairs];
  if (!runIsGone()) markEnvironment(pairs, args);
  return pairs;
}

function withMark<T extends NativeOptions>(options: T): T {
  return options.envPairs ? { ...options, envPairs: marked(options.envPairs, options.args ?? []) } : options;
}

function markArguments(args: SpawnArguments): SpawnArguments {
  if (!isParts(args)) return [withMark(args[0])];
  const [file, argv, cwd, envPairs, ...rest] = args;
  return [file, argv, cwd, envPairs && marked(envPairs, argv ?? []), ...rest];
}

/**
 * Hooks the native methods of child handles. JavaScript of the program never runs inside them and
 * they return error numbers instead of throwing, so nothing of this shows in the program's stacks.
 */
function hookHandles(prototype: ProcessHandle): void {
  const { spawn, kill, close } = prototype;
  prototype.spawn = function (this: ProcessHandle, ...args) {
    const request = quietly(() => describe(toOptions(args), now(), prototype.spawn));
    const error = spawn.apply(this, quietly(() => markArguments(args)) ?? args);
    quietly(() => request && settle(this, request, error));
    if (error === 0) quietly(() => watchChannel(channelOf(args), this.pid));
    return error;
  };
  prototype.kill = function (this: ProcessHandle, signal) {
    const error = kill.call(this, signal);
    if (error === 0) quietly(() => recordSignal(running.get(this) ?? bare(this.pid), signal, 'child.kill', prototype.kill));
    return error;
  };
  // Node closes the handle as soon as it knows the ending, before the program's listeners hear of it.
  prototype.close = function (this: ProcessHandle, ...args) {
    quietly(() => recordEnding(this));
    return close.apply(this, args);
  };
}

function settle(handle: ProcessHandle, request: Request, error: number): void {
  if (error !== 0) return recordRefusal(request, error);
  const child = identify(handle.pid);
  running.set(handle, child);
  recordSpawn(request, child);
  if (request.method !== 'cluster') return;
  ofCluster.add(handle);
  quietly(watchRetirement);
}

let retirementWatched = false;

/** Notes which workers of the cluster are told to end: whoever reads `disconnect` of one is about to call it. */
function watchRetirement(): void {
  if (retirementWatched) return;
  retirementWatched = true;
  const { prototype } = (cluster() as unknown as { Worker: { prototype: { disconnect: unknown } } }).Worker;
  const { disconnect } = prototype;
  const get = function (this: { process?: { pid?: number } }): unknown {
    const pid = this.process?.pid;
    const frames = callers(get);
    // Node itself reads it for cluster.disconnect() and in the worker.
    if (pid !== undefined && !frames[0]?.file.startsWith('node:')) quietly(() => record({ e: 'retire', child: identify(pid), via: 'worker.disconnect', site: siteOf(frames) }));
    return disconnect;
  };
  Object.defineProperty(prototype, 'disconnect', {
    configurable: true,
    enumerable: true,
    get,
    set(this: object, value: unknown) {
      Object.defineProperty(this, 'disconnect', { value, configurable: true, writable: true, enumerable: true });
    },
  });
}

/** The channel for messages among what a child gets as its stdio. */
function channelOf(args: SpawnArguments): Channel | undefined {
  const stdio = (isParts(args) ? args[4] : (args[0] as { stdio?: unknown }).stdio) as { ipc?: boolean; handle?: Channel }[] | undefined;
  return stdio?.find(({ ipc }) => ipc)?.handle;
}

/** The native end of a channel; both write a message, by the way it is serialized. */
type Channel = Partial<Record<'writeUtf8String' | 'writeBuffer', (...args: unknown[]) => unknown>>;

/** Messages of Node's own (cluster) come first on some channels: so many are passed over. */
const mostPassed = 8;

/** Notes where the first message to a child is sent. After that the channel is as it was. */
function watchChannel(channel: Channel | undefined, pid: number): void {
  if (!channel) return;
  const methods = ['writeUtf8String', 'writeBuffer'] as const;
  let passed = 0;
  for (const method of methods) {
    const real = channel[method];
    if (!real) continue;
    const writing = function (this: Channel, ...args: unknown[]): unknown {
      quietly(() => {
        const site = siteOf(callers(writing));
        if (site) record({ e: 'submit', child: identify(pid), site });
        if (site || ++passed >= mostPassed) for (const name of methods) delete channel[name];
      });
      return real.apply(this, args);
    };
    channel[method] = writing;
  }
}

function recordEnding(handle: ProcessHandle): void {
  const child = running.get(handle);
  const owner = Object.getOwnPropertySymbols(handle).find(({ description }) => description === 'owner_symbol');
  if (child === undefined || owner === undefined) return;
  const ended = (handle as unknown as Record<symbol, ChildProcess>)[owner]!;
  const { exitCode, signalCode } = ended;
  if (exitCode === null && signalCode === null) return;
  running.delete(handle);
  record({ e: 'reap', child, code: exitCode, signal: signalCode });
  if (exitCode !== 0 && quietly(() => (ofCluster.has(handle) ? cluster().listenerCount('exit') > 0 : hearsCode(ended)))) record({ e: 'read', child });
}

/** Whether a listener of the program takes the exit code: then it may deal with it. */
function hearsCode({ _events }: ChildProcess): boolean {
  return [_events?.exit, _events?.close].flat().some((listener) => listener !== undefined && (listener.listener ?? listener).length > 0);
}

interface SyncBinding {
  spawn: (this: SyncBinding, options: NativeOptions) => { pid: number; status: number | null; signal: string | null; error?: number };
}

/** Hooks the native half of spawnSync(), execSync() and execFileSync(); the pid is known only afterwards. `thread`: the worker thread that this is. */
function hookSync(binding: SyncBinding, thread: number | undefined): void {
  const { spawn } = binding;
  binding.spawn = function (this: SyncBinding, options) {
    const request = quietly(() => describe(options, now(), binding.spawn));
    if (request) quietly(() => record({ e: 'call', t: request.t, method: request.method, argv: request.argv, site: request.site, thread }));
    const result = spawn.call(this, quietly(() => withMark(options)) ?? options);
    quietly(() => request && settleSync(request, result));
    return result;
  };
}

function settleSync(request: Request, { pid, status, signal, error }: ReturnType<SyncBinding['spawn']>): void {
  // A call that ran into its timeout has both a pid and an error.
  if (!pid) return recordRefusal(request, error ?? 0);
  const child = bare(pid);
  recordSpawn(request, child);
  record({ e: 'reap', child, code: signal === null ? status : null, signal });
}

/** Observes the children that this thread creates, signals and reaps. */
export function watchChildren(inWorker: boolean): void {
  // The first child shows the prototype of the handles, without child_process being loaded for it.
  const stop = overhear('child_process', 'node:internal/child_process', ({ process: child }) => {
    stop();
    hookHandles(Object.getPrototypeOf((child as ChildProcess)._handle) as ProcessHandle);
  });
  const { binding } = process as unknown as { binding?: (name: string) => unknown };
  if (mayUseBinding() && !warnsOfCalls()) quietly(() => hookSync(binding?.call(process, 'spawn_sync') as SyncBinding, inWorker ? workerThreads().threadId : undefined));
}

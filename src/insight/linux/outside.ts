import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { signalName } from '../../core/exits';
import type { Look, ThreadLook } from '../../core/insight/facts';
import { readProc } from '../../observe/system/linux/procFile';
import { parseStat } from '../../observe/system/linux/procText';
import { fileOf, linkOf } from './files';
import { joinSockets } from './sockets';
import { parseSyscall, type Memory, type Waiting } from './syscalls';
import { parseLocks, parseNumber, parseRan, parseShared, parseSignals, parseSwitches, parseThread } from './text';

/** More than this of one process is not looked at: then it counts as alive. */
const mostThreads = 512;
const mostFiles = 4_096;

const text = (path: string): string => readProc(path)?.toString('latin1') ?? '';

function names(path: string): string[] | undefined {
  try {
    return readdirSync(path);
  } catch {
    return undefined;
  }
}

/** Reads memory of a process, where that is permitted (ptrace(2), PTRACE_MODE_ATTACH). */
const memoryOf = (pid: number): Memory => (address, length) => {
  let file: number | undefined;
  try {
    file = openSync(`/proc/${pid}/mem`, 'r');
    const bytes = Buffer.alloc(length);
    return readSync(file, bytes, 0, length, address) === length ? bytes : undefined;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
};

function ranOf(folder: string): number {
  const ran = parseRan(text(`${folder}/schedstat`));
  return ran >= 0 ? ran : parseSwitches(text(`${folder}/status`));
}

/** A process that is being looked at. */
interface Draft {
  pid: number;
  look: Look;
  /** addresses of shared futexes, by thread */
  futexes: [ThreadLook, number][];
}

/** What all processes that are looked at together have in common. */
class Scene {
  readonly drafts: Draft[] = [];
  #locks: Map<number, number[]> | undefined;

  /** Reads threads, files and signal handlers of a process; false when it is gone. */
  look(pid: number): boolean {
    const tasks = names(`/proc/${pid}/task`);
    if (!tasks) return false;
    const draft: Draft = { pid, look: { threads: [], files: [], shared: [], ppid: 0, leads: false, heard: 0, catches: [], hidden: [] }, futexes: [] };
    const status = text(`/proc/${pid}/status`);
    draft.look.catches = parseSignals(status, 'SigCgt').map((number) => signalName(number));
    draft.look.ppid = parseNumber(status, 'PPid') ?? 0;
    draft.look.leads = parseStat(readProc(`/proc/${pid}/stat`) ?? Buffer.alloc(0))?.sid === pid;
    const traced = !/^TracerPid:\s*0$/m.test(status);
    for (const task of tasks.slice(0, mostThreads)) this.#thread(draft, Number(task), traced);
    if (tasks.length > mostThreads) draft.look.hidden.push('threads');
    this.#files(draft);
    this.drafts.push(draft);
    return true;
  }

  #thread({ pid, look, futexes }: Draft, tid: number, traced: boolean): void {
    const folder = `/proc/${pid}/task/${tid}`;
    const thread = parseThread(text(`${folder}/stat`));
    if (!thread) return;
    const seen: ThreadLook = { tid, name: thread.name, ran: ranOf(folder), on: 'unknown' };
    look.threads.push(seen);
    if (thread.state !== 'S') {
      seen.on = { R: 'cpu', D: 'disk', T: 'stopped', t: 'stopped', Z: 'ended', X: 'ended' }[thread.state] ?? 'unknown';
      if (seen.on === 'stopped') this.#noteStop(seen, `${folder}/syscall`, thread.state === 't' || traced);
      return;
    }
    const waiting = parseSyscall(text(`${folder}/syscall`), process.arch, memoryOf(pid));
    this.#note(seen, waiting, pid);
    if (waiting.on === 'futex') {
      seen.address = waiting.address.toString(16);
      if (waiting.shared) futexes.push([seen, waiting.address]);
    }
  }

  #noteStop(seen: ThreadLook, syscall: string, traced: boolean): void {
    const { call } = parseSyscall(text(syscall), process.arch, () => undefined);
    if (call !== undefined) seen.call = call;
    if (traced) seen.tracer = true;
  }

  #note(seen: ThreadLook, waiting: Waiting, pid: number): void {
    seen.on = waiting.on;
    if (waiting.call !== undefined) seen.call = waiting.call;
    if (waiting.on === 'time' && waiting.files) seen.files = waiting.files;
    if (waiting.on === 'files') {
      seen.files = waiting.files;
      if (waiting.loop) seen.loop = true;
    }
    if (waiting.on === 'child') seen.pid = waiting.pid;
    if (waiting.on === 'lock') seen.holders = (this.#locks ??= parseLocks(text('/proc/locks'))).get(pid) ?? [];
  }

  #files({ pid, look }: Draft): void {
    const found = names(`/proc/${pid}/fd`);
    if (!found || found.length > mostFiles) {
      look.hidden.push('files');
      return;
    }
    for (const name of found) {
      const file = fileOf(Number(name), linkOf(`/proc/${pid}/fd/${name}`), () => text(`/proc/${pid}/fdinfo/${name}`));
      if (file) look.files.push(file);
    }
  }

  /** Names the memory that threads wait for and processes share. Their maps are long, so they are read only if somebody does. */
  joinMemory(): void {
    if (this.drafts.every(({ futexes }) => futexes.length === 0)) return;
    for (const { pid, look, futexes } of this.drafts) {
      const maps = text(`/proc/${pid}/maps`);
      if (maps === '') look.hidden.push('maps');
      look.shared = parseShared(maps);
      for (const [seen, address] of futexes) {
        const place = look.shared.find(({ from, to }) => address >= from && address < to);
        // A futex without the private flag may well lie in memory of the process's own.
        if (place) seen.key = `${place.key}+${address - place.from}`;
        else if (maps === '') seen.on = 'unknown';
      }
    }
  }
}

/** So many processes are looked at before others in this process get their turn. */
const atOnce = 8;

/**
 * Looks at processes from outside (Linux). Gives a look for each that is there. `interpreters`: Pythons that may be asked for the
 * other ends of Unix sockets, which no file tells.
 */
export async function lookAt(pids: readonly number[], interpreters: readonly string[]): Promise<Map<number, Look>> {
  const scene = new Scene();
  for (const [index, pid] of pids.entries()) {
    if (index > 0 && index % atOnce === 0) await new Promise((done) => setImmediate(done));
    scene.look(pid);
  }
  scene.joinMemory();
  await joinSockets(scene.drafts, interpreters);
  return new Map(scene.drafts.map(({ pid, look }) => [pid, look]));
}

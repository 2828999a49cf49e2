import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, readSync, rmSync } from 'node:fs';
import type { Duplex, Readable, Writable } from 'node:stream';
import { codeOf } from '../../core/errors';
import type { Ending, ProcessRef } from '../../core/events';
import { refOf } from '../../observe/system/identity';
import { openToAppend } from '../../observe/record/ownFiles';
import { openRegular, readRegular } from '../../observe/record/regularFile';
import { signalGroup } from '../../observe/system/signals';
import { parseSlot } from '../journal/answers';
import type { SlotContent } from '../task';

/** How a worker is started. `pipe`: Python answers on its stdin and stdout, Node on descriptor 3. */
export interface WorkerLaunch {
  argv: string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  pipe: 'stdio' | 'three';
  /** ms that what is asked to end has, before it is killed */
  grace: number;
  /** the first line that the worker gets */
  order: Record<string, unknown>;
}

export interface Refused {
  message: string;
  file?: string | null;
  line?: number | null;
  traceback?: string | null;
  /** the system's code, where it has no room for the worker's files */
  unwritable?: string | null;
}

export interface WorkerCallbacks {
  ready: (facts: { version: string; epoch: number; log: number }) => void;
  refused: (why: Refused) => void;
  answers: (lines: string[]) => void;
  ended: (ending: Ending, slot: SlotContent) => void;
}

interface SeenSlot {
  bytes: Buffer;
  content: SlotContent;
  isKnown: boolean;
}

const nothing = (): SeenSlot => ({ bytes: Buffer.alloc(0), content: { lines: [], current: undefined }, isKnown: false });

/** A grandchild may hold the pipe open after the worker's end: no longer than this (ms) is waited for what it still holds. */
const drain = 200;
const slotSize = 1 << 16;
/** Bytes that a worker may leave behind: a result has at most 256 MB of JSON. */
const mostLastWords = 512 * 1024 * 1024;

/** ms between looks at what a worker has left behind */
const lookEvery = 50;

/**
 * The process of one worker: starts it, cuts its answers into lines, tells its end once with what it left behind.
 * A worker that is let go and ends by itself may leave processes of its tasks running; when it ends in another way, they end, too.
 */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #input: Writable | null;
  readonly ref: ProcessRef | undefined;
  #rest: Buffer[] = [];
  #greeted = false;
  #ending: Ending | undefined;
  #told = false;
  #killer: NodeJS.Timeout | undefined;
  #closed = false;
  #asked = false;
  /** the slot's bytes at the last look, what they say, and whether {@link waiting} has met them before */
  #seen = nothing();
  #isGone = false;
  #resolveGone: () => void = () => undefined;
  /** Resolves when nothing is left of the worker's process group that is to end: its number may be another's from then on. */
  readonly gone = new Promise<void>((resolve) => (this.#resolveGone = resolve));

  constructor(private readonly launch: WorkerLaunch, private readonly slot: string, log: string, private readonly callbacks: WorkerCallbacks) {
    rmSync(slot, { force: true });
    const file = openToAppend(log);
    this.#child = spawn(launch.argv[0] ?? '', launch.argv.slice(1), {
      cwd: launch.cwd, env: launch.env, windowsHide: true,
      stdio: launch.pipe === 'stdio' ? ['pipe', 'pipe', file] : ['ignore', file, file, 'pipe'],
      // A group of its own: it is ended with all that its tasks have started, and a terminal's ^C does not reach it.
      detached: process.platform !== 'win32',
    });
    closeSync(file);
    this.ref = this.#child.pid === undefined ? undefined : refOf(this.#child.pid);
    const output = (launch.pipe === 'stdio' ? this.#child.stdout : this.#child.stdio[3]) as Readable | null;
    this.#input = launch.pipe === 'stdio' ? this.#child.stdin : (output as Duplex | null);
    output?.on('data', (chunk: Buffer) => this.#read(chunk));
    output?.on('error', () => undefined);
    this.#input?.on('error', () => undefined);
    output?.on('close', () => this.#tell());
    this.#child.on('error', (error) => {
      if (this.#child.pid !== undefined) return;
      callbacks.refused({ message: `${launch.argv[0] ?? ''} can't be started (${codeOf(error) ?? error.message}). Name the interpreter: "interpreter": "/path/to/it".` });
      this.#ending = { code: 127, signal: null };
      this.#tell();
    });
    this.#child.on('exit', (code, signal) => {
      this.#ending = { code, signal };
      this.#sweep();
      if (!output || output.destroyed) this.#tell();
      else setTimeout(() => output.destroy(), drain).unref();
    });
    this.send(JSON.stringify(launch.order));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(line: string): void {
    this.#input?.write(`${line}\n`);
  }

  close(): void {
    this.#closed = true;
    this.#input?.end();
  }

  #read(chunk: Buffer): void {
    const last = chunk.lastIndexOf(10);
    if (last === -1) {
      this.#rest.push(chunk);
      return;
    }
    const text = (this.#rest.length ? Buffer.concat([...this.#rest, chunk.subarray(0, last)]) : chunk.subarray(0, last)).toString();
    this.#rest = last + 1 < chunk.length ? [chunk.subarray(last + 1)] : [];
    const lines = text.split('\n');
    if (!this.#greeted) this.#greet(lines.shift() ?? '');
    if (lines.length) this.callbacks.answers(lines);
  }

  #greet(line: string): void {
    this.#greeted = true;
    const { ready, refused } = greetingOf(line);
    if (ready) this.callbacks.ready(ready);
    else this.callbacks.refused(refused ?? { message: 'the worker did not start' });
  }

  #tell(): void {
    if (!this.#ending || this.#told) return;
    this.#told = true;
    this.callbacks.ended(this.#ending, this.#lastWords());
    rmSync(this.slot, { force: true });
  }

  /** What the worker has left behind: where it lost its pipe, answers of any length. */
  #lastWords(): SlotContent {
    try {
      const whole = readRegular(this.slot, mostLastWords);
      return parseSlot(whole.slice(0, whole.indexOf('\0') + 1));
    } catch {
      return nothing().content;
    }
  }

  /** The mark and the answers in the slot file that were there at the last call, too; none while the worker goes on. */
  waiting(): string[] {
    const seen = this.#look();
    const lines = seen.isKnown ? seen.content.lines : [];
    seen.isKnown = true;
    return lines;
  }

  /** The task that the worker is at. */
  current(): SlotContent['current'] {
    return this.#look().content.current;
  }

  /** Reads the slot file, cheap enough for every tick: behind a long task it stays the same, and is understood once. */
  #look(): SeenSlot {
    let file: number;
    try {
      file = openRegular(this.slot);
    } catch {
      return nothing();
    }
    try {
      const whole = shared.subarray(0, readSync(file, shared, 0, slotSize, 0));
      const bytes = whole.subarray(0, whole.indexOf(0) + 1);
      if (!bytes.equals(this.#seen.bytes)) this.#seen = { bytes: Buffer.from(bytes), content: parseSlot(bytes.toString()), isKnown: false };
      return this.#seen;
    } finally {
      closeSync(file);
    }
  }

  /** Asks the worker and all that it started to end; kills what is left after `grace` ms. */
  kill(grace: number): void {
    this.#asked = true;
    this.#signal('SIGTERM');
    clearTimeout(this.#killer);
    this.#killer = setTimeout(() => {
      this.#signal('SIGKILL');
      if (this.#ending) this.#leave();
    }, grace);
  }

  /** Takes {@link kill} back. */
  spare(): void {
    if (this.#ending) return;
    this.#asked = false;
    clearTimeout(this.#killer);
  }

  /** Ends what a worker that died has left behind. Its group keeps its number from others as long as somebody is in it. */
  #sweep(): void {
    if (process.platform === 'win32' || (this.#closed && !this.#asked && this.#ending?.signal === null)) return this.#leave();
    const look = setInterval(() => this.#signal(0), lookEvery);
    void this.gone.then(() => {
      clearInterval(look);
      clearTimeout(this.#killer);
    });
    if (!this.#asked) this.kill(this.launch.grace);
  }

  #signal(signal: NodeJS.Signals | 0): void {
    if (this.#isGone) return;
    if (process.platform === 'win32') this.#child.kill(signal);
    else if (signalGroup(this.#child, signal) === 'gone' && this.#ending) this.#leave();
  }

  #leave(): void {
    this.#isGone = true;
    this.#resolveGone();
  }
}

interface Greeting {
  ready?: Parameters<WorkerCallbacks['ready']>[0];
  refused?: Refused;
}

function greetingOf(line: string): Greeting {
  try {
    return (JSON.parse(line) as Greeting | null) ?? {};
  } catch {
    // The code is imported before the worker says its first word.
    return { refused: { message: `the worker began with what can't be understood: ${JSON.stringify(line.slice(0, 200))}. Does the code write to descriptors that it did not open? Write to stdout, stderr or a file.` } };
  }
}

const shared = Buffer.allocUnsafe(slotSize);

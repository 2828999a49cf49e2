import { closeSync, readdirSync, readSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import type { ProcessRef } from '../../core/events';
import type { StreamName } from '../../observe/record/keptOutput';
import { openRegular } from '../../observe/record/regularFile';

/** One write of a member, as its probe has copied it (tee.py, output.ts). */
export interface Written {
  member: ProcessRef;
  stream: StreamName;
  /** device and inode of where it went: equal for all who have inherited one pipe */
  to: string;
  bytes: Buffer;
}

interface Copy {
  /** how far the list of writes was read, and each stream */
  offset: number;
  rest: string;
  streams: Record<StreamName, { offset: number; to: string }>;
}

/** ms; what is new is noticed within this time also where a notice is lost */
const pollEvery = 500;

const suffix = '.to';

/** Follows the copies that the members of a run keep of what they print. */
export class Copies {
  readonly #copies = new Map<ProcessRef, Copy>();
  /** names of the lists that may have grown; undefined: any */
  #grown: Set<string> | undefined;
  #watcher: FSWatcher | undefined;
  readonly #timer: NodeJS.Timeout;

  /** `folder` is the run's `out`; `changed` is called when there may be something new to read. */
  constructor(private readonly folder: string, changed: () => void) {
    try {
      this.#watcher = watch(folder, { persistent: false }, (_, name) => {
        if (name === null) this.#grown = undefined;
        else if (name.endsWith(suffix)) this.#grown?.add(name);
        else return;
        changed();
      });
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // The timer tells.
    }
    this.#timer = setInterval(() => {
      this.#grown = undefined;
      changed();
    }, pollEvery);
    this.#timer.unref();
  }

  /** What has come since the last call; of one member in the order in which it was written. `all`: whatever was noticed. */
  read(all = false): Written[] {
    const names = all || !this.#grown ? this.#names() : [...this.#grown];
    this.#grown = new Set();
    return names.flatMap((name) => this.#readOne(name.slice(0, -suffix.length)));
  }

  #names(): string[] {
    try {
      return readdirSync(this.folder).filter((name) => name.endsWith(suffix));
    } catch {
      return [];
    }
  }

  #readOne(member: ProcessRef): Written[] {
    let copy = this.#copies.get(member);
    if (!copy) this.#copies.set(member, (copy = { offset: 0, rest: '', streams: { stdout: { offset: 0, to: '' }, stderr: { offset: 0, to: '' } } }));
    const list = readFrom(join(this.folder, member + suffix), copy.offset);
    copy.offset += list.length;
    const lines = (copy.rest + list.toString('latin1')).split('\n');
    copy.rest = lines.pop() ?? '';
    const found: Written[] = [];
    const read = { stdout: nothing, stderr: nothing };
    for (const line of lines) {
      const [, descriptor, place, length] = /^([12]) (?:@(\d+:\d+)|(\d+))$/.exec(line) ?? [];
      const name = descriptor === '2' ? 'stderr' : 'stdout';
      const stream = copy.streams[name];
      if (place !== undefined) found.push({ member, stream: name, to: (stream.to = place), bytes: nothing });
      if (length === undefined || length === '0') continue;
      if (read[name].length === 0) read[name] = readFrom(join(this.folder, `${member}.${name}`), stream.offset);
      const bytes = read[name].subarray(0, Number(length));
      read[name] = read[name].subarray(bytes.length);
      stream.offset += bytes.length;
      found.push({ member, stream: name, to: stream.to, bytes });
    }
    return found;
  }

  close(): void {
    this.#watcher?.close();
    clearInterval(this.#timer);
  }
}

const nothing: Buffer = Buffer.alloc(0);

/** What a file holds from a position on. */
function readFrom(path: string, position: number): Buffer {
  let descriptor: number | undefined;
  try {
    descriptor = openRegular(path);
    const chunks: Buffer[] = [];
    for (;;) {
      const chunk = Buffer.allocUnsafe(64 * 1024);
      const length = readSync(descriptor, chunk, 0, chunk.length, position);
      if (length === 0) return Buffer.concat(chunks);
      chunks.push(chunk.subarray(0, length));
      position += length;
    }
  } catch {
    return nothing;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

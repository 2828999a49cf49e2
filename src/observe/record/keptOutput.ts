import { closeSync, ftruncateSync, readdirSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, messageOf } from '../../core/errors';
import { openToAppend } from './ownFiles';

/**
 * What the root of a run printed, as files of the run directory: the newest part of each stream, in segments, and an
 * index that tells in which order the pieces of both came.
 *
 * A segment is named by the position of its first byte in the whole stream: `stdout` for 0, then `stdout.8388608`. A
 * line of the index is `{"t":…,"s":"stdout","n":12,"o":8388608}`: time, stream, bytes, position; without `o` (records
 * of earlier versions) the piece follows the one before it.
 */

export type StreamName = 'stdout' | 'stderr';

export const indexName = 'index.ndjson';

/** The file of the segment of `name` that begins at a position. */
export const segmentName = (name: string, start: number): string => (start === 0 ? name : name === indexName ? `index.${start}.ndjson` : `${name}.${start}`);

/** Where the segments of `name` begin, in ascending order. */
export function segmentsOf(folder: string, name: string): number[] {
  const pattern = name === indexName ? /^index(?:\.(\d+))?\.ndjson$/ : new RegExp(`^${name}(?:\\.(\\d+))?$`);
  try {
    return readdirSync(folder).flatMap((entry) => {
      const found = pattern.exec(entry);
      return found ? [Number(found[1] ?? 0)] : [];
    }).sort((a, b) => a - b);
  } catch {
    return [];
  }
}

/** So many segments make up the limit, or more where they would be too long: the oldest goes when a new one begins. */
const segments = 8;
const longestSegment = 8 * 1024 * 1024;
/** Free space, in bytes, that is left to the record of events when a segment begins: older output gives way to it. */
const reserve = 2 * longestSegment;

/** ms after which a piece is in the index, whatever follows it */
const settling = 50;

export const megabyte = 1024 * 1024;
/** Bytes of a piece that grows in the index: no more can wait there to be shown. */
const longestPiece = 64 * 1024;
/** Bytes of each stream of a process of which its probe keeps a copy (tee.py, output.ts). */
export const copyLimit = megabyte;
/** Bytes of each stream that are kept when nobody says how many. */
export const defaultOutputLimit = 64 * megabyte;

function freeIn(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return Infinity;
  }
}

function removeFile(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // On Windows, while somebody reads it. It goes with its folder.
  }
}

/** Why older output is not kept any more. */
type Shortage = 'limit' | 'space';

/** A file that keeps its newest part. */
class NewestPart {
  /** where each segment that is kept begins, the oldest first */
  readonly #starts: number[] = [];
  #file: number | undefined;
  #end = 0;
  #shortage: Shortage | undefined;

  readonly #segment: number;

  constructor(private readonly folder: string, private readonly name: string, private readonly limit: number) {
    this.#segment = Math.min(limit / segments, longestSegment);
  }

  /** Bytes that have come in all. */
  get end(): number {
    return this.#end;
  }

  /** Why something that was kept is gone. */
  get shortage(): Shortage | undefined {
    return this.#shortage;
  }

  /** Appends all of `bytes` to one segment, or nothing: throws what the file system throws when there is no room even without older output. */
  append(bytes: Uint8Array): void {
    const isNew = this.#file === undefined || this.#end - this.#begun + bytes.length > this.#segment;
    const file = isNew ? this.#begin() : (this.#file ?? -1);
    for (let at = 0; at < bytes.length;) {
      try {
        at += writeSync(file, bytes, at);
      } catch (error) {
        if (codeOf(error) === 'ENOSPC' && this.#drop('space')) continue;
        if (isNew) this.#undo();
        else ftruncateSync(file, this.#end - this.#begun);
        throw error;
      }
    }
    this.#end += bytes.length;
  }

  /** Passes over bytes that could not be written; what follows begins a new segment, whose name tells its position. */
  skip(length: number): void {
    this.#end += length;
    this.close();
  }

  /** where the segment begins that is being written */
  get #begun(): number {
    return this.#starts.at(-1) ?? 0;
  }

  #begin(): number {
    this.close();
    while (this.#end - (this.#starts[0] ?? this.#end) > this.limit - this.#segment && this.#drop('limit'));
    while (freeIn(this.folder) < reserve && this.#drop('space'));
    this.#file = openToAppend(join(this.folder, segmentName(this.name, this.#end)));
    this.#starts.push(this.#end);
    return this.#file;
  }

  /** Takes back the segment that was begun for nothing. */
  #undo(): void {
    this.close();
    removeFile(join(this.folder, segmentName(this.name, this.#starts.pop() ?? 0)));
  }

  /** Removes the oldest segment; false when there is only the one that is being written. */
  #drop(reason: Shortage): boolean {
    if (this.#starts.length < (this.#file === undefined ? 1 : 2)) return false;
    removeFile(join(this.folder, segmentName(this.name, this.#starts.shift() ?? 0)));
    this.#shortage ??= reason;
    return true;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** Keeps the newest `limit` bytes of each stream. `tell` hears once, of each stream, that something is not kept, and why. */
export class KeptOutput {
  readonly #streams: Record<StreamName, NewestPart>;
  readonly #index: NewestPart;
  readonly #told = new Set<string>();
  /** the piece that is growing and not in the index yet */
  #piece: { t: number; s: StreamName; n: number; o: number } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(folder: string, private readonly limit: number, private readonly tell: (kind: string, message: string) => void) {
    this.#streams = { stdout: new NewestPart(folder, 'stdout', limit), stderr: new NewestPart(folder, 'stderr', limit) };
    this.#index = new NewestPart(folder, indexName, limit);
    try {
      // The file says that there is output to look at, also before there is any.
      this.#index.append(new Uint8Array());
    } catch {
      // Told when something is to be kept.
    }
  }

  /** Never throws: whoever reads a program's pipe must go on reading it. */
  write(name: StreamName, bytes: Uint8Array, now: number): void {
    const stream = this.#streams[name];
    const position = stream.end;
    try {
      stream.append(bytes);
      this.#note(name, bytes.length, position, now);
    } catch (error) {
      if (stream.end === position) stream.skip(bytes.length);
      this.#once(`${name} not kept`, `A part of what the program printed to ${name} could not be kept (${codeOf(error) ?? messageOf(error)}): the disk of the run directory is full or gone. The program was not affected.`);
    }
    if (stream.shortage === 'limit') this.#once(`${name} limit`, `Only the newest ${Math.round(this.limit / megabyte)} MB of what the program prints to ${name} are kept, and older output is removed. The setting "procession.outputLimit" says how much.`);
    if (stream.shortage === 'space') this.#once(`${name} space`, `The disk of the run directory is nearly full: only the newest part of what the program prints to ${name} is kept.`);
  }

  /** Pieces of one stream that follow each other closely are one line of the index: many short ones would take more room than what they hold. */
  #note(s: StreamName, length: number, position: number, now: number): void {
    const piece = this.#piece;
    if (piece?.s === s && piece.o + piece.n === position && piece.n + length <= longestPiece) piece.n += length;
    else {
      this.#writeIndex();
      this.#piece = { t: now, s, n: length, o: position };
    }
    this.#timer ??= setTimeout(() => this.#settle(), settling);
  }

  #writeIndex(): void {
    const piece = this.#piece;
    this.#piece = undefined;
    if (piece) this.#index.append(Buffer.from(`${JSON.stringify(piece)}\n`));
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      this.#writeIndex();
    } catch {
      // The disk is full: told with the first piece that finds no room, and the next one's position tells of this one.
    }
  }

  #once(kind: string, message: string): void {
    if (this.#told.has(kind)) return;
    this.#told.add(kind);
    this.tell(kind, message);
  }

  close(): void {
    this.#settle();
    for (const file of [this.#streams.stdout, this.#streams.stderr, this.#index]) file.close();
  }
}

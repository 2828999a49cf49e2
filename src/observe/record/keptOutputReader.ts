import { closeSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { openRegular } from './regularFile';
import { indexName, segmentName, segmentsOf, type StreamName } from './keptOutput';

/** Whether a launcher keeps, or has kept, the streams of a run; `folder` is the run's `out`. */
export const isOutputKept = (folder: string): boolean => segmentsOf(folder, indexName).length > 0;

const nothing = Buffer.alloc(0);

/** Reads a file of segments by positions in the whole. */
class SegmentReader {
  #open: { start: number; file: number } | undefined;
  /** what lies before is gone */
  #oldest = 0;

  constructor(private readonly folder: string, private readonly name: string) {}

  /** At most `length` bytes of one segment, from `position` on, or from `at` where the part before is gone; none at the end. */
  read(position: number, length: number): { at: number; bytes: Buffer } {
    const bytes = this.#open && position >= this.#open.start ? this.#readOpen(position, length) : nothing;
    if (bytes.length > 0 || !this.#seek(position)) return { at: position, bytes };
    const at = Math.max(position, this.#open?.start ?? 0);
    return { at, bytes: this.#readOpen(at, length) };
  }

  /** Whether a position is known not to be kept any more: nothing is opened then. */
  isGone(position: number): boolean {
    return position < this.#oldest;
  }

  #readOpen(position: number, length: number): Buffer {
    if (!this.#open) return nothing;
    const bytes = Buffer.allocUnsafe(length);
    try {
      return bytes.subarray(0, readSync(this.#open.file, bytes, 0, length, position - this.#open.start));
    } catch {
      return nothing;
    }
  }

  /** Opens the segment that holds a position, else the oldest; false: it is open already, or there is none. */
  #seek(position: number): boolean {
    const starts = segmentsOf(this.folder, this.name);
    this.#oldest = starts[0] ?? this.#oldest;
    const start = starts.findLast((one) => one <= position) ?? starts[0];
    if (start === undefined || start === this.#open?.start) return false;
    this.close();
    try {
      this.#open = { start, file: openRegular(join(this.folder, segmentName(this.name, start))) };
    } catch {
      return false;
    }
    return true;
  }

  close(): void {
    if (this.#open) closeSync(this.#open.file);
    this.#open = undefined;
  }
}

/** A piece of what was printed, or how many bytes are missing at this place because they are not kept. */
export type OutputPiece = { stream: StreamName; text: string } | { stream: StreamName; missing: number };

interface Stream {
  reader: SegmentReader;
  decoder: StringDecoder;
  position: number;
  missing: number;
}

const slice = 64 * 1024;

/** Reads what a launcher keeps, also while it is being written: stdout and stderr in the order in which they came. */
export class KeptOutputReader {
  readonly #index: SegmentReader;
  readonly #streams: Record<StreamName, Stream>;
  #position = 0;
  #rest = '';

  /** `folder` is the run's `out`. */
  constructor(folder: string) {
    const stream = (name: StreamName): Stream => ({ reader: new SegmentReader(folder, name), decoder: new StringDecoder('utf8'), position: 0, missing: 0 });
    this.#index = new SegmentReader(folder, indexName);
    this.#streams = { stdout: stream('stdout'), stderr: stream('stderr') };
  }

  /**
   * What has come since the last call. Never throws: what can't be read is missing. `toEnd`: nobody writes any more, so that what
   * a launcher that was killed could not note in the index is read, too.
   */
  *read(toEnd = false): Generator<OutputPiece> {
    for (;;) {
      const { at, bytes } = this.#index.read(this.#position, slice);
      if (bytes.length === 0) break;
      const lines = ((at === this.#position ? this.#rest : '') + bytes.toString('latin1')).split('\n');
      this.#position = at + bytes.length;
      this.#rest = lines.pop() ?? '';
      for (const line of lines) yield* this.#piece(line);
    }
    for (const name of ['stdout', 'stderr'] as const) {
      if (toEnd) yield* this.#upTo(name, Infinity);
      yield* this.#tellMissing(name);
    }
  }

  *#piece(line: string): Generator<OutputPiece> {
    const entry = entryOf(line);
    if (!entry) return;
    const stream = this.#streams[entry.stream];
    const position = Math.max(entry.position ?? 0, stream.position);
    stream.missing += position - stream.position;
    stream.position = position;
    yield* this.#upTo(entry.stream, position + entry.length);
    stream.missing += position + entry.length - stream.position;
    stream.position = position + entry.length;
  }

  /** What is kept of a stream up to a position. */
  *#upTo(name: StreamName, end: number): Generator<OutputPiece> {
    const stream = this.#streams[name];
    while (stream.position < end && !stream.reader.isGone(end - 1)) {
      const { at, bytes } = stream.reader.read(stream.position, Math.min(slice, end - stream.position));
      if (at >= end || bytes.length === 0) return;
      const text = bytes.subarray(0, end - at);
      stream.missing += at - stream.position;
      stream.position = at + text.length;
      yield* this.#tellMissing(name);
      yield { stream: name, text: stream.decoder.write(text) };
    }
  }

  *#tellMissing(name: StreamName): Generator<OutputPiece> {
    const stream = this.#streams[name];
    if (stream.missing === 0) return;
    yield { stream: name, missing: stream.missing };
    stream.missing = 0;
    // A character that was cut off by what is missing is not completed by what follows.
    stream.decoder = new StringDecoder('utf8');
  }

  close(): void {
    for (const reader of [this.#index, this.#streams.stdout.reader, this.#streams.stderr.reader]) reader.close();
  }
}

function entryOf(line: string): { stream: StreamName; length: number; position: number | undefined } | undefined {
  let entry: { s?: unknown; n?: unknown; o?: unknown } | null;
  try {
    entry = JSON.parse(line) as typeof entry;
  } catch {
    return undefined;
  }
  const { s: stream, n: length, o: position } = entry ?? {};
  if ((stream !== 'stdout' && stream !== 'stderr') || typeof length !== 'number' || !(length > 0)) return undefined;
  if (position !== undefined && !(typeof position === 'number' && position >= 0)) return undefined;
  return { stream, length, position };
}

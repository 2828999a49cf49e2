import { closeSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../../core/errors';
import type { Event, ProcessRef } from '../../core/events';
import { openToAppend } from './ownFiles';
import { eventsOf } from './runDirectory';

/** Distributes over the union, so that each event type loses only its `id`. */
type Unsigned<E> = E extends Event ? Omit<E, 'id'> : never;
export type UnsignedEvent = Unsigned<Event>;

/** The event file of one process of ours: the launcher, an observer, a window. It is made when the first event is written. */
export class EventFile {
  #descriptor: number | undefined;
  #isClosed = false;
  /** why nothing is written any more (`ENOSPC`, …) */
  failure: string | undefined;

  /** `run` is the run directory; `kind` names the writer in the file name; `id` is its identity. */
  constructor(readonly run: string, private readonly kind: string, readonly id: ProcessRef) {}

  /** Appends one event. A failure is kept, not thrown: observation stops, the program goes on. */
  write(event: UnsignedEvent): void {
    if (this.#isClosed) return;
    const line = Buffer.from(`${JSON.stringify({ id: this.id, ...event })}\n`);
    try {
      this.#descriptor ??= openToAppend(join(eventsOf(this.run), `${this.kind}-${this.id}.ndjson`));
      // A short write happens on a full disk: the torn line is counted as garbled by the reader.
      if (writeSync(this.#descriptor, line) !== line.length) this.#fail('ENOSPC');
    } catch (error) {
      this.#fail(codeOf(error) ?? String(error));
    }
  }

  #fail(reason: string): void {
    this.failure = reason;
    this.close();
  }

  close(): void {
    this.#isClosed = true;
    if (this.#descriptor === undefined) return;
    try {
      closeSync(this.#descriptor);
    } catch {
      // The descriptor is gone either way.
    }
    this.#descriptor = undefined;
  }
}

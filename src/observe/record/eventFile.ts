import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../../core/errors';
import type { Event, ProcessRef } from '../../core/events';
import { eventsOf } from './runDirectory';

/** Distributes over the union, so that each event type loses only its `id`. */
type Unsigned<E> = E extends Event ? Omit<E, 'id'> : never;
export type UnsignedEvent = Unsigned<Event>;

/** The event file of one process of ours: the launcher, an observer, a window. */
export class EventFile {
  #descriptor: number | undefined;
  /** why nothing is written any more (`ENOSPC`, …) */
  failure: string | undefined;

  /** `run` is the run directory; `kind` names the writer in the file name; `id` is its identity. */
  constructor(readonly run: string, kind: string, readonly id: ProcessRef) {
    try {
      this.#descriptor = openSync(join(eventsOf(run), `${kind}-${id}.ndjson`), 'a', 0o600);
    } catch (error) {
      this.failure = codeOf(error) ?? String(error);
    }
  }

  /** Appends one event. A failure is kept, not thrown: observation stops, the program goes on. */
  write(event: UnsignedEvent): void {
    if (this.#descriptor === undefined) return;
    const line = Buffer.from(`${JSON.stringify({ id: this.id, ...event })}\n`);
    try {
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
    if (this.#descriptor === undefined) return;
    try {
      closeSync(this.#descriptor);
    } catch {
      // The descriptor is gone either way.
    }
    this.#descriptor = undefined;
  }
}

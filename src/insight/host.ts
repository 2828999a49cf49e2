import type { ProcessRef } from '../core/events';
import type { Member } from '../core/members';
import type { RunState } from '../core/state';
import type { UnsignedEvent } from '../observe/record/eventFile';

/** What those who ask a run need of whoever observes it. */

/** What an inquiry needs of whoever observes the run. */
export interface InquiryHost {
  /** the run directory */
  run: string;
  /** the process that asks */
  id: ProcessRef;
  members(): readonly Member[];
  readonly state: RunState;
  /** writes an event into the record, and folds it */
  tell(event: UnsignedEvent): void;
}

/** What the watch needs of whoever observes the run. */
export interface WatchHost extends InquiryHost {
  /** reads what the probes have written */
  refresh(): void;
  /** how many members ran when they were last looked at */
  readonly running: number;
}

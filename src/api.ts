import type { Report } from './core/report';
import type { LaunchOptions } from './launch/options';

export type { Report } from './core/report';
export type { Member, WorkerThread, EndedBy, Outcome } from './core/members';
export type { Exit } from './core/exits';
export type { Finding, FindingSite } from './core/findings/finding';
export type { LaunchOptions } from './launch/options';

/** What `activate()` of the extension returns to other extensions. */
export interface ProcessionApi {
  /** the runs of this window, the oldest first, with everything known at this moment */
  readonly getRuns: () => Report[];
  /** Launches a program as from the palette. Resolves with the id of its report (`run.id`). Rejects with a readable message when it can't be started. */
  readonly launch: (options: LaunchOptions) => Promise<string>;
  /** Fires when a run or one of its members has changed; at most some tens of times a second. Returns what ends the subscription. */
  readonly onDidChange: (listener: () => void) => { dispose(): void };
}

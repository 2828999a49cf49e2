import type { ProcessRef, Site } from '../events';

/** What is wrong in a run: who, where, why, how that is known, and what to change. */
export interface Finding {
  rule: RuleName;
  /** proved: it can't be otherwise; likely: the evidence speaks for it */
  certainty: 'proved' | 'likely';
  /** one sentence that names the processes as the program names them */
  title: string;
  members: ProcessRef[];
  sites: FindingSite[];
  /** a fact each, with its source */
  evidence: string[];
  /** what to change, in a sentence */
  advice: string;
  /** since when it is so, in ms since the epoch */
  since: number;
}

export interface FindingSite extends Site {
  role: 'waits' | 'holds' | 'created' | 'failed' | 'submitted' | 'target';
}

/** A finding before its sentence is made: `about` are the figures and names that the sentence needs. */
export type Draft = Omit<Finding, 'rule' | 'title'> & {
  about: Record<string, string | number>;
  /** what the finding explains: no other rule is asked about it any more */
  explains?: readonly string[];
};

export type RuleName =
  | 'deadlock' | 'dead-holder' | 'self-deadlock' | 'lost-task' | 'result-lost' | 'join-before-drain' | 'full-pipe' | 'never-closed'
  | 'no-producer' | 'no-consumer' | 'nobody-sets' | 'short-barrier' | 'fork-with-threads' | 'pool-starvation' | 'waits-for-stdin'
  | 'stopped-member' | 'blocked-loop' | 'ipc-keeps-alive'
  | 'respawn-storm' | 'missing-main-guard' | 'cannot-pickle' | 'cannot-import' | 'daemonic-children' | 'broken-executor' | 'out-of-memory'
  | 'native-crash' | 'shared-memory-full' | 'port-in-use' | 'command-not-found' | 'unhandled-error' | 'leftover' | 'zombies'
  | 'ignores-terminate' | 'too-many'
  | 'oversubscribed' | 'imbalance' | 'start-up-bound';

import type { GoneEvent, ProcessRef, SampleEvent, SeenEvent, ZombieEvent } from '../../core/events';

export type SamplerEvent = SeenEvent | SampleEvent | ZombieEvent | GoneEvent;

export interface SamplerOptions {
  /** the run's first process, as the launcher started it; `start` is undefined where the system has no start ticks */
  root: { pid: number; start?: string };
  /** absolute path, as it stands in the members' environment mark */
  runDirectory: string;
  /** a session that holds members of the run only, if the launcher made one */
  sessionId?: number;
  /** the process that writes the events */
  id: ProcessRef;
  /** ms since the epoch */
  now: () => number;
  emit: (event: SamplerEvent) => void;
}

/**
 * Finds the processes of one run and reads their numbers, each time it is told to. It holds no timer:
 * see `scheduler.ts` for when to look.
 */
export interface TreeSampler {
  /** Looks for new, ended, zombie, reparented and exec'ed members. */
  membership(): void | Promise<void>;
  /** Reads CPU, memory and state of the next `count` members, round and round; emits the samples that changed. */
  numbers(count?: number): void;
  /** Reads for a moment what members are that came in a crowd (command line, folder); whether there are more of them. */
  details(): boolean;
  /** Takes in a process that a probe told of, if the operating system shows that it belongs to the run. */
  adopt(ref: ProcessRef): void;
  /** Whether the process that `ref` names is a member that has not ended, as of the last look. */
  knows(ref: ProcessRef): boolean;
  /** members that have not ended (a zombie has) */
  readonly live: number;
  /** steps whenever a member comes, ends or goes */
  readonly revision: number;
  /** Shortest sensible time between looks in ms: one that reads /proc costs microseconds, one that starts a program does not. */
  readonly pace: { membership: number; numbers: number };
  close(): void;
}

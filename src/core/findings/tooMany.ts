import { errorRule } from './errorRule';
import { errorText, type Failed } from './failures';
import { lineOf } from './scene';
import { counted } from './words';

const limits: readonly [RegExp, string, string][] = [
  [/\bEMFILE\b|\[Errno 24\]|Too many open files/i, 'the limit of open files (EMFILE)', 'Close files, pipes and processes when they are done with, or raise "ulimit -n".'],
  [/\bENFILE\b|\[Errno 23\]/, 'the limit of open files of the system (ENFILE)', 'Close files, pipes and processes when they are done with.'],
  [/\bEAGAIN\b|\[Errno 11\]|can't start new thread|Resource temporarily unavailable/i, 'the limit of processes and threads (EAGAIN)', 'Start fewer processes at a time, wait for those that have ended, or raise "ulimit -u".'],
  [/\[Errno 12\] Cannot allocate memory|spawn ENOMEM/, 'the limit of memory (ENOMEM)', 'Start fewer processes at a time.'],
];

/** EAGAIN is also what a read from an empty pipe says: only a start of a process or a thread counts. */
const isStart = ({ message, traceback }: Failed): boolean => /spawn |fork|start_new_thread|start new thread|_launch|_execute_child|posix_spawn/.test(`${message}\n${traceback}`);

const limitOf = (failed: Failed): (typeof limits)[number] | undefined => {
  const found = limits.find(([pattern]) => pattern.test(failed.message));
  return found && (found[1].includes('open files') || isStart(failed)) ? found : undefined;
};

/** A limit on processes, threads or descriptors keeps a child from being started. */
export const tooMany = errorRule({
  name: 'too-many',
  matches: (failed) => limitOf(failed) !== undefined,
  title: (who, failed) => `${who} has reached ${limitOf(failed)?.[1] ?? 'a limit'}${failed.own[0] ? ` at ${lineOf(failed.own[0])}` : ''}: ${errorText(failed)}.`,
  advice: (failed) => limitOf(failed)?.[2] ?? '',
  summary: (count) => counted(count, 'process has', 'processes have') + ' reached a limit of the system',
});

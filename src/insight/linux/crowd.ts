import { readdirSync } from 'node:fs';
import { readProc } from '../../observe/system/linux/procFile';
import { parseThread } from './text';

/** How many threads of a process run, or are ready to. */
export function runningThreads(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).filter((tid) => parseThread(readProc(`/proc/${pid}/task/${tid}/stat`)?.toString('latin1') ?? '')?.state === 'R').length;
  } catch {
    return 0;
  }
}

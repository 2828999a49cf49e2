import { meet } from './attaching';
import { watchChildren } from './children';
import { freeDebugPort } from './debugPort';
import { watchEndings } from './endings';
import { ownIdentity } from './identity';
import { watchExec } from './images';
import { introduceProcess } from './introduction';
import { openJournal, runIsGone } from './journal';
import { markChildren, takeMark } from './mark';
import { copyOutput } from './output';
import { quietly } from './quietly';
import { watchAbort, watchSignals } from './signals';
import { introduceThread, watchThreads } from './threads';

/** Node disables process.abort in worker threads; asking worker_threads would cost 2 ms to load it. */
function isWorkerThread(): boolean {
  return (process.abort as { disabled?: boolean }).disabled === true;
}

/** Comes up in every thread of every Node process of a run, before the program's first line. */
function observe(): void {
  const inWorker = isWorkerThread();
  const mark = takeMark(inWorker);
  if (!mark) return;
  const id = ownIdentity();
  markChildren(mark, id);
  openJournal(mark.run, id);
  if (inWorker) introduceThread();
  else introduceProcess(mark);
  if (runIsGone()) return;
  watchChildren();
  watchSignals();
  watchThreads();
  if (inWorker) return;
  watchAbort();
  watchEndings();
  watchExec();
  freeDebugPort();
  if (mark.options.includes('o')) copyOutput(mark.run, id, mark.options.includes('r'));
  quietly(() => meet(id));
}

quietly(observe);

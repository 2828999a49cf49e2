import { meet, readPolicy } from './attaching';
import { watchChildren } from './children';
import { distrustClock } from './clock';
import { freeDebugPort } from './debugPort';
import { watchEndings } from './endings';
import { warnsOfCalls } from './flags';
import { ownIdentity } from './identity';
import { watchExec } from './images';
import { introduceProcess } from './introduction';
import { isHeard, openJournal, runIsGone } from './journal';
import { takeMark } from './mark';
import { markChildren } from './marking';
import { copyOutput } from './output';
import { forgetPreload } from './preloads';
import { quietly } from './quietly';
import { watchAbort, watchSignals } from './signals';
import { abandonSystem } from './system';
import { introduceThread, watchThreads } from './threads';
import { followThreads } from './threadStart';
import type { Taken } from './taken';

/** Comes up in every thread of every Node process of a run, before the program's first line. */
function observe(taken: Taken): void {
  const { mark, thread, isInternal } = taken;
  const own = ownIdentity(mark.options);
  const id = thread ?? own;
  readPolicy(taken);
  if (taken.hasLibraries) distrustClock(mark.run);
  openJournal(mark.run, id);
  if (thread === undefined) introduceProcess(mark);
  else if (!isInternal) introduceThread();
  if (runIsGone()) return;
  // Where nothing may be written (the permission model), nobody hears of this process from itself.
  markChildren(taken, isHeard() ? id : (mark.ancestor ?? id));
  if (warnsOfCalls()) process.nextTick(abandonSystem);
  // What uses diagnostics channels comes first: after `watchEndings` it takes 0.1 ms longer.
  if (thread === undefined) watchExec();
  const inWorker = thread !== undefined;
  watchChildren(inWorker);
  watchThreads(inWorker);
  if (!warnsOfCalls()) followThreads(taken, id);
  watchSignals();
  if (inWorker) return;
  watchAbort();
  watchEndings();
  freeDebugPort();
  if (mark.options.includes('o')) copyOutput(mark.run, id, mark.options.includes('r'));
  quietly(() => meet(id));
}

const taken = quietly(takeMark);
if (taken) quietly(() => observe(taken));
quietly(() => forgetPreload(taken));

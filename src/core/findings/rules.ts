import type { Member } from '../members';
import type { RunState } from '../state';
import { blockedLoop } from './blockedLoop';
import { brokenExecutor } from './brokenExecutor';
import { cannotImport } from './cannotImport';
import { cannotPickle } from './cannotPickle';
import { commandNotFound } from './commandNotFound';
import { daemonicChildren } from './daemonicChildren';
import { deadHolder } from './deadHolder';
import { deadlock } from './deadlock';
import type { Finding } from './finding';
import type { Rule } from './rule';
import { forkWithThreads } from './forkWithThreads';
import { fullPipe } from './fullPipe';
import { ignoresTerminate } from './ignoresTerminate';
import { imbalance } from './imbalance';
import { ipcKeepsAlive } from './ipcKeepsAlive';
import { joinBeforeDrain } from './joinBeforeDrain';
import { leftover } from './leftover';
import { lostTask } from './lostTask';
import { missingMainGuard } from './missingMainGuard';
import { nativeCrash } from './nativeCrash';
import { neverClosed } from './neverClosed';
import { nobodySets } from './nobodySets';
import { outOfMemory } from './outOfMemory';
import { oversubscribed } from './oversubscribed';
import { poolStarvation } from './poolStarvation';
import { portInUse } from './portInUse';
import { noConsumer, noProducer } from './queues';
import { respawnStorm } from './respawnStorm';
import { resultLost } from './resultLost';
import { sceneOf, type Scene } from './scene';
import { selfDeadlock } from './selfDeadlock';
import { sharedMemoryFull } from './sharedMemoryFull';
import { shortBarrier } from './shortBarrier';
import { startUpBound } from './startUpBound';
import { stoppedMember } from './stoppedMember';
import { tooMany } from './tooMany';
import { unhandledError } from './unhandledError';
import { waitsForStdin } from './waitsForStdin';
import { zombies } from './zombies';

/** All rules. Of several that explain the same, the first one is heard: the closer a rule looks, the earlier it stands. */
export const rules: readonly Rule[] = [
  stoppedMember, blockedLoop, selfDeadlock, forkWithThreads, deadHolder, joinBeforeDrain, lostTask, poolStarvation, resultLost, shortBarrier,
  noConsumer, noProducer, deadlock, fullPipe, waitsForStdin, neverClosed, nobodySets, ipcKeepsAlive, ignoresTerminate,
  missingMainGuard, respawnStorm, daemonicChildren, cannotPickle, cannotImport, sharedMemoryFull, portInUse, tooMany, commandNotFound,
  outOfMemory, nativeCrash, brokenExecutor, unhandledError, zombies, leftover, oversubscribed, imbalance, startUpBound,
];

/** What is wrong in a run, the hangs first. `now`: ms since the epoch, where more is known than from the newest event. Pure. */
export function findingsOf(state: RunState, members: readonly Member[], now = state.now): Finding[] {
  return findingsIn(sceneOf(state, members, Math.max(now, state.now)));
}

/** The findings of a scene, see {@link findingsOf}. */
export function findingsIn(scene: Scene): Finding[] {
  const explained = new Set<string>();
  return rules.flatMap((rule) => rule.check(scene).flatMap((draft): Finding[] => {
    const { certainty, members: who, sites, evidence, advice, since, explains = [] } = draft;
    if (explains.some((node) => explained.has(node))) return [];
    explains.forEach((node) => explained.add(node));
    return [{ rule: rule.name, certainty, title: rule.title(draft), members: who, sites, evidence, advice, since }];
  }));
}

/** Whether the run can't go on for what a finding tells. */
export const isHang = (finding: Finding): boolean => kindOf(finding) === 'hang';

/** Whether the run can't go on, something ended badly, or it goes on slowly; undefined for a rule of another version. */
export const kindOf = ({ rule }: Finding): Rule['kind'] | undefined => rules.find(({ name }) => name === rule)?.kind;

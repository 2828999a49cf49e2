import type { Member } from '../members';
import type { RunState } from '../state';
import { deadHolder } from './deadHolder';
import { deadlock } from './deadlock';
import type { Finding, Rule } from './finding';
import { forkWithThreads } from './forkWithThreads';
import { fullPipe } from './fullPipe';
import { joinBeforeDrain } from './joinBeforeDrain';
import { lostTask } from './lostTask';
import { neverClosed } from './neverClosed';
import { nobodySets } from './nobodySets';
import { poolStarvation } from './poolStarvation';
import { noConsumer, noProducer } from './queues';
import { resultLost } from './resultLost';
import { sceneOf } from './scene';
import { selfDeadlock } from './selfDeadlock';
import { shortBarrier } from './shortBarrier';
import { stoppedMember } from './stoppedMember';
import { waitsForStdin } from './waitsForStdin';

/** All rules. Of several that explain the same, the first one is heard. */
export const rules: readonly Rule[] = [
  stoppedMember, selfDeadlock, forkWithThreads, deadHolder, joinBeforeDrain, lostTask, poolStarvation, resultLost, shortBarrier,
  noConsumer, noProducer, deadlock, fullPipe, waitsForStdin, neverClosed, nobodySets,
];

/** What is wrong in a run, the hangs first. Pure. */
export function findingsOf(state: RunState, members: readonly Member[]): Finding[] {
  const scene = sceneOf(state, members);
  const explained = new Set<string>();
  return rules.flatMap((rule) => rule.check(scene).flatMap((draft): Finding[] => {
    const { about: _, explains = [], ...finding } = draft;
    if (explains.some((node) => explained.has(node))) return [];
    explains.forEach((node) => explained.add(node));
    return [{ rule: rule.name, title: rule.title(draft), ...finding }];
  }));
}

/** Whether the run can't go on for what a finding tells. */
export const isHang = ({ rule }: Finding): boolean => rules.some(({ name, kind }) => name === rule && kind === 'hang');

import { callOf } from '../findings/scene';
import type { Member } from '../member';
import { formatSeconds } from '../describe';
import type { Answer, ObjectFact, Tasks } from './facts';

/**
 * What the end of a member would break for others, in sentences; empty where nothing is known. `answer`: what its probe tells now;
 * `tasks`: what its page of tasks tells; `now`: ms since the epoch.
 */
export function breakageOf(member: Member, answer: Answer | undefined, tasks: Tasks | undefined, now: number): string[] {
  const held = (answer?.objects ?? []).filter(({ mine }) => mine === true).map((lock) => `It holds ${lockName(lock, answer?.objects ?? [])}: whoever wants it will wait for ever.`);
  return [...running(member, answer, tasks, now), ...held];
}

function running(member: Member, answer: Answer | undefined, tasks: Tasks | undefined, now: number): string[] {
  const current = tasks?.current ?? answer?.threads?.find(({ task }) => task)?.task;
  if (member.role !== 'worker' || !current) return [];
  const since = current.since === undefined || current.since > now ? '' : `, since ${formatSeconds((now - current.since) / 1000)}`;
  const isPools = (answer?.threads ?? []).some(({ frames }) => frames.some(({ file, function: name }) => name === 'worker' && /multiprocess(ing)?\/pool\.py$/.test(file)));
  const isExecutors = (answer?.threads ?? []).some(({ frames }) => frames.some(({ function: name }) => name === '_process_worker'));
  const then = isPools ? ' Its Pool makes a new worker, but whoever waits for this result waits for ever.' : isExecutors ? ' Its executor breaks: all its tasks fail with BrokenProcessPool.' : '';
  return [`It runs ${callOf(current)}${since}.${then}`];
}

/** `the Lock made at a.py:8`, `the lock of the queue from which a Pool's workers take tasks`. */
function lockName(lock: ObjectFact, all: readonly ObjectFact[]): string {
  const whole = all.find(({ n }) => n === lock.of);
  const owner = whole && all.find(({ n }) => n === whole.of);
  if (whole && /Queue$/.test(whole.type)) return `the ${lock.as === '_wlock' ? 'writing' : 'reading'} lock of a ${whole.type}${owner ? ` of its ${owner.type}` : ''}`;
  if (lock.as === '_rlock' || lock.as === '_wlock') return 'the lock of a queue';
  const made = lock.made;
  return `the ${lock.type}${made ? ` made at ${made.file.slice(made.file.lastIndexOf('/') + 1)}:${made.line}` : ''}`;
}

import { KeptMembers, membersOf } from '../../../src/core/members';
import { emptyState, reduce, type RunState } from '../../../src/core/state';
import { median } from './bench';

/** What it takes to say all members of a run whose commands were ended by somebody unknown: who ended one depends on who else was there. In ms. */
export interface DerivingResult {
  members: number;
  /** everything for the first time */
  first: number;
  /** when one member more has appeared since the last look */
  oneNew: number;
  /** when the numbers of one member have changed */
  oneSample: number;
}

const root = '2.1';

function runOf(members: number): RunState {
  const state = emptyState();
  reduce(state, { e: 'run', id: '1.1', t: 1, run: 'r', command: ['x'], cwd: '/', host: 'h', platform: 'linux', bootTime: 0, tickMs: 10 });
  reduce(state, { e: 'root', id: '1.1', t: 10, child: root });
  reduce(state, { e: 'start', id: root, t: 10, ppid: 1, runtime: 'python', argv: ['python', 'x.py'] });
  for (let i = 0; i < members; i++) addCommand(state, i);
  return state;
}

function addCommand(state: RunState, number: number): void {
  const child = `${100 + number}.${100 + number}`;
  reduce(state, { e: 'spawn', id: root, t: 1_000 + 10 * number, child, method: 'subprocess', argv: ['sleep', '1'] });
  reduce(state, { e: 'reap', id: root, t: 1_005 + 10 * number, child, code: null, signal: 'SIGTERM' });
}

function timeOf(act: () => unknown): number {
  const began = performance.now();
  act();
  return performance.now() - began;
}

export function measureDeriving(members: number, rounds: number): DerivingResult {
  const state = runOf(members);
  const first = timeOf(() => membersOf(state));
  const kept = new KeptMembers();
  membersOf(state, kept);
  const after = (change: (round: number) => void): number => median(Array.from({ length: rounds }, (_, round) => {
    change(round);
    return timeOf(() => membersOf(state, kept));
  }));
  const oneSample = after((round) => reduce(state, { e: 'sample', id: '1.1', t: 1e9 + round, child: root, ppid: 1, state: 'R', cpu: round, rss: 1 }));
  const oneNew = after((round) => addCommand(state, members + round));
  return { members, first, oneNew, oneSample };
}

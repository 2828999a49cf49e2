import { reportOf, type Report } from '../core/report';
import { emptyState, reduce, type RunState } from '../core/state';
import { RunReader } from './reader';

/** What the files of a run directory tell, read once. */
export function readRun(run: string): { state: RunState; report: Report } {
  const state = emptyState();
  const reader = new RunReader(run, { follow: false, onEvents: (events) => events.forEach((event) => reduce(state, event)) });
  reader.readAll();
  reader.close();
  return { state, report: reportOf(state, reader.counts) };
}

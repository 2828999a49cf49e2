import { describeRow } from '../../../core/describe';
import { baseName } from '../../../core/paths';
import { describeSummary } from '../../../workload/journal/summary';
import type { Progress } from '../../../workload/protocol';
import { runOf, type Failure, type Row, type WorkloadMark } from '../../tree/rows';
import { besidesCluster, clusterRows } from './clusterRows';
import type { Followed } from './followed';
import { doneText, isLive, restText, stateText, workerText } from './words';

/** Failed tasks that the tree lists; the table has all. */
const mostTasks = 50;

export function markOf(progress: Progress | undefined, alive: boolean): WorkloadMark {
  if (!progress) return 'running';
  if (isLive(progress)) return alive ? (progress.state as 'running' | 'paused' | 'stopping') : 'interrupted';
  if (progress.state === 'stopped') return 'unfinished';
  return progress.state === 'done' && progress.failed === 0 ? 'good' : 'bad';
}

const isWorker = (row: Row): boolean => row.kind === 'member' && /^worker \d+$/.test(row.member.name) && row.member.startMethod === 'child_process.spawn';

/** A worker that was replaced is history: its place is taken by the next of its name. */
function newest(workers: readonly Row[]): Row[] {
  const byName = new Map<string, Row>();
  for (const row of workers) byName.set(row.label, row);
  return [...byName.values()].sort((a, b) => a.label.localeCompare(b.label, 'en', { numeric: true }));
}

function workerRow(row: Row, progress: Progress | undefined, now: number): Row {
  const worker = row.kind === 'member' ? progress?.workers.find(({ number }) => row.label === `worker ${number}`) : undefined;
  if (!worker || row.kind !== 'member') return row;
  const text = workerText(worker, now);
  return { ...row, description: row.member.state === 'exited' ? `${row.description} · ${worker.done} done` : `${text} · ${describeRow(row.member)}` };
}

function taskRow(run: string, task: Failure): Row {
  const { type, message, file, line } = task.error;
  const place = file && line ? ` · ${baseName(file)}:${line}` : '';
  return { kind: 'task', key: `${run}/task ${task.i}`, run, task, children: [], label: `row ${task.i}`, description: `${type}: ${message.split('\n')[0] ?? ''}${place}` };
}

function failedRows(run: string, { failures, progress }: Followed): Row[] {
  if (failures.size === 0) return [];
  const shown = [...failures.values()].sort((a, b) => a.i - b.i).slice(0, mostTasks).map((task) => taskRow(run, task));
  const count = Math.max(progress?.failed ?? 0, failures.size);
  return [{ kind: 'tasks', key: `${run}/failed`, run, children: shown, label: count === 1 ? '1 failed task' : `${count} failed tasks`, description: count > shown.length ? `the first ${shown.length}; Open Results shows all` : '' }];
}

/** What serves the workload and is no part of it, in one row: the runner, the guard of its workers, shells that start an interpreter. */
function helperRow(run: string, roots: readonly Row[], helpers: readonly Row[]): Row[] {
  const children = [...roots.map((root) => ({ ...root, children: [], label: 'runner' })), ...helpers];
  if (children.length === 0) return [];
  const members = children.flatMap((child) => (child.kind === 'member' ? [child.member] : []));
  return [{ kind: 'helpers', key: `${run}/runner`, run, children, members, label: 'runner', description: roots[0]?.description ?? '' }];
}

function tooltipOf({ workload, progress }: Followed): string {
  const lines = progress ? [doneText(progress), restText(progress), ...(progress.summary ? describeSummary(progress.summary) : [])] : [];
  return [workload?.file ?? workload?.directory ?? '', ...lines].filter(Boolean).join('\n');
}

const isHelper = ({ kind }: Row): boolean => kind === 'helpers';

/** The workers with what they have started, and what only serves them. */
function processRows(row: Row, { progress }: Followed, now: number): { shown: Row[]; helpers: Row[] } {
  const id = runOf(row);
  const roots = row.children.filter((child) => child.kind === 'member');
  const below = roots.flatMap((root) => root.children);
  const beside = row.children.filter((child) => child.kind !== 'member');
  if (progress?.cluster) return { shown: [...clusterRows(id, progress, below, now), ...beside.filter((child) => !isHelper(child))], helpers: helperRow(id, roots, besidesCluster([...below, ...beside], progress)) };
  const workers = newest(below.filter(isWorker)).map((worker) => workerRow(worker, progress, now));
  const others = [...below.filter((child) => !isWorker(child)), ...beside];
  return {
    shown: [...workers.map((worker) => ({ ...worker, children: worker.children.filter((child) => !isHelper(child)) })), ...others.filter((child) => !isHelper(child))],
    helpers: helperRow(id, roots, [...workers.flatMap(({ children }) => children), ...others].filter(isHelper).flatMap(({ children }) => children)),
  };
}

/** The rows of a workload's run: how far it is, its workers, the tasks that failed; the runner is a helper. */
export function workloadRow(row: Row, followed: Followed, now: number): Row {
  if (row.kind !== 'run') return row;
  const id = row.report.run.id;
  const { progress } = followed;
  const { shown, helpers } = processRows(row, followed, now);
  const head: Row[] = progress ? [{ kind: 'progress', key: `${id}/progress`, run: id, children: [], label: doneText(progress), description: restText(progress) }] : [];
  return {
    ...row, workload: markOf(progress, followed.alive), description: progress ? stateText(progress, followed.alive) : 'starting', tooltip: tooltipOf(followed),
    children: [...head, ...shown, ...failedRows(id, followed), ...helpers],
  };
}

import { describeRow, describeThread, plural, quoteCommand } from '../../core/describe';
import type { ProcessRef } from '../../core/events';
import type { Finding } from '../../core/findings/finding';
import { lineOf } from '../../core/findings/scene';
import type { Member, WorkerThread } from '../../core/members';
import type { Report } from '../../core/report';
import type { FailLine } from '../../workload/protocol';
import { treeOf, type TreeNode } from '../../core/tree';
import { currentIn, keyOf, placesOf } from '../insight/words';

/** The rows of the view Processes, as plain data: what is shown, nested, before VS Code is asked to show it. */

export type Row =
  | { kind: 'run'; key: string; report: Report; children: Row[]; label: string; description: string; /** of a workload: how it stands, and what is told of it */ workload?: WorkloadMark; tooltip?: string }
  | { kind: 'member'; key: string; run: string; member: Member; children: Row[]; label: string; description: string; /** what a debugger does with it */ debug?: string; /** it can't go on */ stuck?: boolean }
  | { kind: 'helpers'; key: string; run: string; members: Member[]; children: Row[]; label: string; description: string }
  | { kind: 'thread'; key: string; run: string; thread: WorkerThread; member: Member; children: Row[]; label: string; description: string }
  | { kind: 'progress'; key: string; run: string; children: Row[]; label: string; description: string }
  | { kind: 'tasks'; key: string; run: string; children: Row[]; label: string; description: string }
  | { kind: 'place'; what: 'host' | 'worker' | 'row'; key: string; run: string; children: Row[]; label: string; description: string }
  | { kind: 'task'; key: string; run: string; task: Failure; children: Row[]; label: string; description: string }
  | { kind: 'finding'; key: string; run: string; finding: Finding; children: Row[]; label: string; description: string }
  | { kind: 'notice'; key: string; run: string; children: Row[]; label: string; description: string };

/** A failed task; `rowText` is its row as it was sent, undefined where it was too long to be kept. */
export type Failure = FailLine & { rowText: string | undefined };

/** What menus and icons of a workload's row go by. */
export type WorkloadMark = 'running' | 'paused' | 'stopping' | 'interrupted' | 'good' | 'bad' | 'unfinished';

function threadRow(run: string, member: Member, thread: WorkerThread): Row {
  return {
    kind: 'thread', key: `${run}/${member.id}/thread ${thread.id}`, run, thread, member, children: [],
    label: thread.name, description: describeThread(thread),
  };
}

function memberRow(run: string, member: Member, children: Row[]): Row {
  return { kind: 'member', key: `${run}/${member.id}`, run, member, children, label: member.name, description: describeRow(member) };
}

function findingRow(run: string, finding: Finding): Row {
  const [place] = placesOf(finding);
  const description = [...(finding.certainty === 'likely' ? ['likely'] : []), ...(place ? [lineOf(place)] : [])].join(' · ');
  return { kind: 'finding', key: `${run}/finding ${keyOf(finding)}`, run, finding, children: [], label: finding.title, description };
}

/** Tells in the rows of members what they do: what those wait for that can't go on, and the tasks of workers. */
export function withDoing(row: Row, stuck: ReadonlyMap<ProcessRef, string>, tasks: ReadonlyMap<ProcessRef, string>): Row {
  if (row.kind === 'member') {
    const why = stuck.get(row.member.id);
    const doing = why ?? tasks.get(row.member.id);
    if (doing !== undefined) Object.assign(row, { stuck: why !== undefined, description: `${doing} · ${row.description}` });
  }
  for (const child of row.children) withDoing(child, stuck, tasks);
  return row;
}

/** Helpers are folded away under one row: they are the runtime's, not the program's. */
/** The id of the run that a row belongs to. */
export const runOf = (row: Row): string => (row.kind === 'run' ? row.report.run.id : row.run);

function helperRows(run: string, under: string, members: readonly Member[]): Row[] {
  if (members.length === 0) return [];
  const alive = members.filter((member) => member.state !== 'exited').length;
  return [{
    kind: 'helpers', key: `${run}/${under}/helpers`, run, members: [...members],
    children: members.map((member) => memberRow(run, member, [])),
    label: plural(members.length, 'helper'),
    description: [...new Set(members.map((member) => member.name))].slice(0, 3).join(', ') + (alive === members.length ? '' : ` · ${alive} alive`),
  }];
}

/** The ranks of one launcher stand in their order and are called by their number, by hosts where there are several. */
function childRows(run: string, under: string, children: readonly TreeNode[]): Row[] {
  const ranks = children.filter(({ member }) => member.rank !== null).sort((a, b) => (a.member.rank ?? 0) - (b.member.rank ?? 0));
  if (ranks.length < 2) return children.map((child) => nodeRow(run, child));
  const others = children.filter(({ member }) => member.rank === null).map((child) => nodeRow(run, child));
  const hosts = [...new Set(ranks.map(({ member }) => member.host))];
  if (hosts.length < 2) return [...others, ...ranks.map((rank) => rankRow(run, rank))];
  return [...others, ...hosts.map((host): Row => {
    const here = ranks.filter(({ member }) => member.host === host);
    return { kind: 'place', what: 'host', key: `${run}/${under}/host ${host ?? ''}`, run, children: here.map((rank) => rankRow(run, rank)), label: host ?? 'unknown host', description: plural(here.length, 'rank') };
  })];
}

function rankRow(run: string, node: TreeNode): Row {
  const row = nodeRow(run, node);
  const { rank, name } = node.member;
  return { ...row, label: `rank ${rank ?? ''}`, description: row.description.replace(` · rank ${rank ?? ''}`, ` · ${name}`) };
}

function nodeRow(run: string, { member, children, helpers }: TreeNode): Row {
  return memberRow(run, member, [
    ...childRows(run, member.id, children),
    ...member.threads.map((thread) => threadRow(run, member, thread)),
    ...helperRows(run, member.id, helpers),
  ]);
}

/** How many live, are zombies, are orphans. */
export function counts(members: readonly Member[]): { alive: number; zombies: number; orphans: number } {
  const workers = members.filter((member) => member.role !== 'helper');
  return {
    alive: workers.filter((member) => member.state !== 'exited').length,
    zombies: members.filter((member) => member.marks.includes('zombie')).length,
    orphans: members.filter((member) => member.marks.includes('orphan')).length,
  };
}

/** The counts as a sentence: `4 processes alive, 1 zombie, 2 orphans`. */
export function countText(members: readonly Member[]): string {
  const { alive, zombies, orphans } = counts(members);
  return [
    alive === 1 ? '1 process alive' : `${alive} processes alive`,
    ...(zombies ? [plural(zombies, 'zombie')] : []),
    ...(orphans ? [plural(orphans, 'orphan')] : []),
  ].join(', ');
}

function runDescription(report: Report): string {
  const { run, members } = report;
  if (run.launchFailed !== undefined) return 'not started';
  const root = members.find((member) => member.role === 'root');
  const { alive } = counts(members);
  if (root?.state === 'exited' && alive) return `ended, ${alive} still alive`;
  if (run.endedAt === null) return members.length ? `running · ${alive} alive` : 'starting';
  return root?.exit ? `ended · exit ${root.exit.signal ?? root.exit.code ?? '?'}` : 'ended';
}

/** The name of a run: what the person called it, else its command, with paths as seen from its folder. */
export function runLabel(report: Report, name: string | undefined): string {
  if (name) return name;
  const [program = '', ...rest] = report.run.command;
  const short = program.slice(program.lastIndexOf('/') + 1);
  const folder = `${report.run.cwd}/`;
  const text = quoteCommand([short, ...rest.map((argument) => (argument.startsWith(folder) ? argument.slice(folder.length) : argument))]);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** The row of a run with everything below it. */
export function runRow(report: Report, name: string | undefined): Row {
  const { id } = report.run;
  const tree = treeOf(report.members);
  const notices = [...(report.run.launchFailed === undefined ? [] : [report.run.launchFailed]), ...report.problems.messages.map(({ message }) => message)];
  return {
    kind: 'run', key: id, report,
    label: runLabel(report, name),
    description: runDescription(report),
    children: [
      ...currentIn(report).map((finding) => findingRow(id, finding)),
      ...notices.map((label, index): Row => ({ kind: 'notice', key: `${id}/notice ${index}`, run: id, children: [], label, description: '' })),
      ...childRows(id, 'run', tree.roots),
      ...helperRows(id, 'run', tree.helpers),
    ],
  };
}

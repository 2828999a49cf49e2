import { existsSync, realpathSync, writeFileSync } from 'node:fs';
import { describeRow, quoteCommand } from '../core/describe';
import { HumanError } from '../core/errors';
import { forTerminal, jsonForTerminal } from '../core/escapes';
import type { Member } from '../core/members';
import type { Report } from '../core/report';
import { treeOf, type TreeNode } from '../core/tree';
import { allEnded, ownRef } from '../launch/launcher';
import { ownPath, resolveOwn } from '../launch/ownBytes';
import { refusal } from '../observe/system/refusal';
import { signalMember, stopRun, stopSignalsOf, type Steering } from '../launch/steer';
import { EventFile } from '../observe/record/eventFile';
import { isHere } from '../observe/system/identity';
import { readRun, RunRecord } from '../observe/record/readRun';
import { isLiveRecord, isTrusted } from '../observe/record/origin';
import { readDescription } from '../observe/record/runDirectory';
import { parseOptions } from './arguments';
import { lookInto, takeOver } from './observe';

const options = {
  json: { type: 'boolean' },
  report: { type: 'string' },
  stop: { type: 'boolean' },
  terminate: { type: 'string' },
  kill: { type: 'string' },
} as const;

/** ms that each stage of `--stop` has */
const stopTimeout = 5_000;

function lines(node: TreeNode, indent: string): string[] {
  const { member } = node;
  const marker = member.state === 'exited' ? '○' : '●';
  return [
    `${indent}${marker} ${member.name}  ${describeRow(member)}`,
    ...node.children.flatMap((child) => lines(child, `${indent}  `)),
    ...node.helpers.map((helper) => `${indent}  ◦ ${helper.name}  ${describeRow(helper)}`),
  ];
}

/** The tree of a run as text, a line a member. What programs and records say can only be read in it. */
export function renderTree(report: Report): string {
  const tree = treeOf(report.members);
  return [
    `${quoteCommand(report.run.command)}  ${report.run.endedAt === null ? 'running' : 'ended'}`,
    ...tree.roots.flatMap((node) => lines(node, '  ')),
    ...tree.helpers.map((helper) => `  ◦ ${helper.name}  ${describeRow(helper)}`),
    ...report.problems.messages.map(({ message }) => `  ! ${message}`),
  ].map(forTerminal).join('\n');
}

const foreign = 'This record is another user\'s, open to others, a copy, or of another machine, container or boot. It is shown as it was written: what it calls running is not looked for, and nothing is signalled by it.';

/** What is known of a run. When its launcher is gone, the operating system is asked what has become of the members. Nothing is written. */
async function look(run: string): Promise<Report> {
  const report = (await lookInto(run)) ?? readRun(run).report;
  const description = readDescription(run);
  if (report.run.endedAt === null && description && !isLiveRecord(run, description)) report.problems.messages.push({ kind: 'foreign', message: foreign });
  return report;
}

/** {@link look} for who does something to the members: what was found goes into the record. */
async function lookAndKeep(run: string): Promise<Report> {
  const taken = takeOver(run);
  if (!taken) return look(run);
  const report = await taken.observer.report();
  taken.release(report.run.endedAt === null ? undefined : allEnded);
  return report;
}

function memberOf(report: Report, pidText: string): Member {
  const pid = Number(pidText);
  const found = report.members.filter((member) => member.pid === pid);
  const alive = found.filter((member) => member.endedAt === null);
  const living = alive.find(isHere) ?? alive[0];
  if (living) return living;
  throw new HumanError(found.length ? `The process ${pidText} of this run has ended. Nothing was sent.` : `There is no process ${pidText} in this run. "procession open" without an action lists them.`);
}

async function act(run: string, report: Report, values: { stop?: boolean | undefined; terminate?: string | undefined; kill?: string | undefined }): Promise<void> {
  const file = new EventFile(run, 'action', ownRef());
  const steering: Steering = { file };
  for (const [pid, signal, via] of [[values.terminate, 'SIGTERM', 'Terminate'], [values.kill, 'SIGKILL', 'Kill']] as const) {
    if (pid === undefined) continue;
    const member = memberOf(report, pid);
    const error = refusal(member, signal, signalMember(steering, member, signal, via));
    if (error) throw error;
  }
  if (values.stop) {
    const record = new RunRecord(run);
    const left = await stopRun(steering, {
      signals: stopSignalsOf(undefined), timeout: stopTimeout, members: () => record.look().members,
      pause: (ms) => new Promise((done) => setTimeout(done, ms)),
    });
    record.close();
    if (left.length) throw new HumanError(`Still alive after SIGKILL: ${left.map((member) => `${member.name} (pid ${member.pid})`).join(', ')}.`, 1);
  }
  file.close();
}

/** `procession open DIR`: shows a run, recorded or live, and acts on its processes. */
export async function open(args: string[]): Promise<number> {
  const { values, positionals } = parseOptions(args, options);
  const [directory, extra] = positionals;
  if (!directory || extra !== undefined) throw new HumanError('Name one run directory: procession open DIR');
  const named = resolveOwn(directory);
  const run = existsSync(named) ? realpathSync(named) : named;
  const description = readDescription(run);
  if (!description) throw new HumanError(`${run} is no run directory (it has no run.json). Name a folder that "procession run --record DIR" has made.`);
  const acts = values.stop || values.terminate !== undefined || values.kill !== undefined;
  if (acts && !isTrusted(run, description)) throw new HumanError(`Nothing was sent. ${foreign}`);
  if (acts) await act(run, await lookAndKeep(run), values);
  const report = acts ? await lookAndKeep(run) : await look(run);
  if (values.report !== undefined) writeFileSync(ownPath(values.report), `${JSON.stringify(report, null, 1)}\n`);
  process.stdout.write(values.json ? `${jsonForTerminal(JSON.stringify(report, null, 1))}\n` : `${renderTree(report)}\n`);
  return 0;
}

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Member, ProcessionApi, Report } from '../../../src/api';
import { until, type TestContext } from '../inside/testing';
import { pidIn, type Browser, type RenderedRow } from '../browser';

export const view = 'Processes';

/** The public API of the extension under test. */
export async function api(): Promise<ProcessionApi> {
  const extension = vscode.extensions.getExtension<ProcessionApi>('procession.procession');
  assert.ok(extension, 'the extension is installed');
  return extension.activate();
}

export const folder = (): string => vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';

/** A file of the examples. */
export function example(name: string): string {
  const path = join(folder(), name);
  assert.ok(existsSync(path), `${path} exists`);
  return path;
}

export async function reportOf(id: string): Promise<Report> {
  const found = (await api()).getRuns().find(({ run }) => run.id === id);
  assert.ok(found, `the run ${id} is known`);
  return found;
}

export const named = (report: Report, name: string): Member | undefined => report.members.find((member) => member.name === name);

/** Waits until a run looks as it should, and gives its report. */
export function untilRun(id: string, what: string, check: (report: Report) => unknown, limit?: number): Promise<Report> {
  return until(what, async () => {
    const report = await reportOf(id);
    return check(report) ? report : undefined;
  }, limit);
}

/** The run that a command has started, which has no other way to tell. */
export async function startedBy(act: () => unknown): Promise<string> {
  const { getRuns } = await api();
  const before = new Set(getRuns().map(({ run }) => run.id));
  await act();
  return until('a new run', () => getRuns().map(({ run }) => run.id).find((id) => !before.has(id)));
}

/** Ends everything that a test has left, and empties the view. */
export async function clean(): Promise<void> {
  const { getRuns } = await api();
  const left: string[] = [];
  for (const { run } of getRuns()) {
    // What was just being started is known a moment later, and then is ended too.
    await untilRun(run.id, 'the run to end', ({ members, run: { endedAt } }) => {
      for (const member of members) if (member.state !== 'exited') kill(member.pid);
      return endedAt !== null || members.length === 0;
    }, 10_000).catch(async () => {
      const { members } = await reportOf(run.id);
      left.push(`${run.id}: ${JSON.stringify(members.filter(({ endedAt }) => endedAt === null))} of ${JSON.stringify(members.map(({ name, pid, role, state }) => [name, pid, role, state]))}`);
    });
  }
  await vscode.commands.executeCommand('procession.removeEnded');
  for (const terminal of vscode.window.terminals) terminal.dispose();
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  if (left.length > 0) throw new Error(`runs that did not end when their members were killed:\n${left.join('\n')}`);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** A zombie is not alive. */
export const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

export async function showView(): Promise<void> {
  await vscode.commands.executeCommand('procession.processes.focus');
}

/** Waits until a row is drawn that fits. */
export function untilRow(browser: Browser, what: string, fits: (row: RenderedRow) => boolean): Promise<RenderedRow> {
  return until(what, async () => (await browser.rows(view)).find(fits));
}

/** Selects two rows, the upper one first. The editor may put back the selection that it had before it redrew the tree: one looks, and chooses again. */
export async function selectBoth(browser: Browser, first: string, last: string): Promise<void> {
  await until('both to be selected', async () => {
    await browser.clickRow(view, first);
    await browser.clickRow(view, last, { modifiers: ['Control'] });
    return (await browser.rows(view)).filter((row) => row.selected).map(({ label }) => label).join() === `${first},${last}`;
  });
}

/**
 * Clicks an inline button of a member's row, once the rows of runs before are gone. The row may be lost to the click, because it
 * is being redrawn: then it is chosen from the question.
 */
export async function clickButton(browser: Browser, { name: label, pid }: Member, action: string, done: () => unknown): Promise<void> {
  await until('the row', async () => {
    const rows = (await browser.rows(view)).filter((row) => row.label === label);
    return rows.length > 0 && rows.every((row) => pidIn(row) === pid);
  });
  await browser.clickInline(view, label, action);
  await answering(browser, label, action, done);
}

/** Chooses from the menu of a member's row; the row may be lost to the click here, too. */
export async function clickEntry(browser: Browser, { name: label }: Member, entry: string, done: () => unknown): Promise<void> {
  await browser.clickMenu(view, label, entry);
  await answering(browser, label, entry, done);
}

function answering(browser: Browser, label: string, action: string, done: () => unknown): Promise<boolean> {
  return until(`${action} has an effect`, async () => {
    if (done()) return true;
    if ((await browser.picks()).some((text) => text.startsWith(label))) await browser.choosePick(label);
    return undefined;
  });
}

/** A test that starts with an empty view and leaves one. */
export function tidy(context: TestContext): void {
  context.after(clean);
}

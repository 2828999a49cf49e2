import * as vscode from 'vscode';
import { forMessage } from '../../core/escapes';
import type { Answer } from '../../core/insight/facts';
import { breakageOf } from '../../core/insight/breakage';
import type { Member } from '../../core/members';
import { askProbe, unable } from '../../insight/probeRequest';
import { readTasks } from '../../insight/taskPage';
import type { WindowRun } from '../runStore';

/** ms that a member has to say what it holds */
const patience = 300;
/** So many are asked before a kill of many. */
const most = 16;

/** What the end of a member would break. It is asked only where it may be in the middle of something that others wait for. */
async function breakage({ open }: WindowRun, member: Member): Promise<string[]> {
  if (member.runtime !== 'python' || unable(member) !== undefined) return [];
  const answer = await askProbe<Answer>(open.directory, member, ['inquire'], patience).catch(() => undefined);
  return breakageOf(member, answer, readTasks(open.directory, member.id), Date.now());
}

/** Asks the person before members are ended in the middle of what others wait for. True: go on. What ends with its parent breaks nothing for it. */
export async function mayEnd(targets: readonly { run: WindowRun; member: Member }[], via: string): Promise<boolean> {
  if (!vscode.workspace.getConfiguration('procession').get<boolean>('insight.confirmKill', true)) return true;
  const ids = new Set(targets.map(({ member }) => member.id));
  const alone = targets.filter(({ member }) => member.role !== 'root' && member.role !== 'helper' && member.state !== 'exited' && !ids.has(member.parent ?? '')).slice(0, most);
  const found = await Promise.all(alone.map(async ({ run, member }) => ({ member, lines: await breakage(run, member) })));
  const breaking = found.filter(({ lines }) => lines.length > 0);
  if (breaking.length === 0) return true;
  const detail = breaking.map(({ member, lines }) => `${member.name} (pid ${member.pid}): ${lines.join(' ')}`).join('\n\n');
  const verb = via.split(' ')[0] ?? via;
  return await vscode.window.showWarningMessage(`${via} would break what others wait for.`, { modal: true, detail: forMessage(detail) }, verb) === verb;
}

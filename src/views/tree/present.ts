import * as vscode from 'vscode';
import { describeExit, describeSender, describeSource, describeState, describeTarget, formatBytes, formatLoad, formatSeconds, quoteCommand } from '../../core/describe';
import type { Finding } from '../../core/findings/finding';
import { kindOf } from '../../core/findings/rules';
import { renderFinding } from '../../core/findings/text';
import type { Member, WorkerThread } from '../../core/members';
import { baseName } from '../../core/paths';
import type { Report } from '../../core/report';
import { countText, type Row, type WorkloadMark } from './rows';

/** How rows look: icons, colours, tooltips, and the words that menus go by. */

const icon = (name: string, color?: string): vscode.ThemeIcon => new vscode.ThemeIcon(name, color === undefined ? undefined : new vscode.ThemeColor(color));

const alive = 'testing.iconPassed';
const bad = 'testing.iconFailed';
const faint = 'disabledForeground';
const caution = 'list.warningForeground';

function endedIcon({ marks, outcome }: Member): vscode.ThemeIcon {
  // A crash stays red while it is a zombie.
  if (outcome?.verdict === 'failed') return icon('error', bad);
  if (marks.includes('zombie')) return icon('warning', caution);
  if (outcome?.verdict === 'ok') return icon('pass', faint);
  return icon(outcome?.verdict === 'ended' ? 'stop-circle' : 'question', faint);
}

export function memberIcon(member: Member): vscode.ThemeIcon {
  if (member.state === 'exited') return endedIcon(member);
  if (member.state === 'stopped') return icon('debug-pause', caution);
  if (member.marks.includes('orphan')) return icon('vm-active', caution);
  return member.state === 'starting' ? icon('circle-outline', alive) : icon(member.role === 'helper' ? 'gear' : 'circle-filled', alive);
}

function threadIcon({ state, code }: WorkerThread): vscode.ThemeIcon {
  if (state === 'running') return icon('git-commit', alive);
  return code === 0 || code === null ? icon('pass', faint) : icon('error', bad);
}

function runIcon({ run, members }: Report): vscode.ThemeIcon {
  if (run.launchFailed !== undefined) return icon('error', bad);
  if (run.endedAt === null) return icon('play-circle', alive);
  const root = members.find(({ role }) => role === 'root');
  return root?.outcome?.verdict === 'failed' ? icon('error', bad) : icon('history', faint);
}

function findingIcon(finding: Finding): vscode.ThemeIcon {
  if (kindOf(finding) === 'waste') return icon('info', faint);
  return finding.certainty === 'proved' ? icon('error', bad) : icon('warning', caution);
}

export function rowIcon(row: Row): vscode.ThemeIcon {
  switch (row.kind) {
    case 'run':
      if (row.workload) return workloadIcon(row.workload);
      return runIcon(row.report);
    case 'member':
      return row.stuck ? icon('watch', caution) : memberIcon(row.member);
    case 'finding':
      return findingIcon(row.finding);
    case 'helpers':
      return icon('tools', faint);
    case 'thread':
      return threadIcon(row.thread);
    case 'progress':
      return icon('graph', faint);
    case 'place':
      return icon({ host: 'server', worker: 'vm', row: 'play' }[row.what], row.what === 'row' ? alive : faint);
    case 'tasks':
    case 'task':
      return icon('error', bad);
    case 'notice':
      return icon('warning', caution);
  }
}

function workloadIcon(mark: WorkloadMark): vscode.ThemeIcon {
  switch (mark) {
    case 'running': return icon('run-all', alive);
    case 'paused': return icon('debug-pause', caution);
    case 'stopping': return icon('debug-stop', caution);
    case 'good': return icon('pass', alive);
    case 'bad': return icon('error', bad);
    case 'interrupted': case 'unfinished': return icon('circle-slash', caution);
  }
}

/** A long name would leave no room for the exit in a narrow side bar (300 pixels, some levels deep). */
const nameOfEnded = 24;

/** The label of a row. The name of a process that has ended leaves room for how it ended. */
export function rowLabel(row: Row): string {
  const { label } = row;
  if (row.kind !== 'member' || row.member.state !== 'exited' || label.length <= nameOfEnded) return label;
  const tail = Math.floor(nameOfEnded / 2) - 1;
  return `${label.slice(0, nameOfEnded - tail - 1)}…${label.slice(-tail)}`;
}

/** Words for `when` clauses: `viewItem =~ /\blive\b/`. */
export function rowContext(row: Row): string {
  switch (row.kind) {
    case 'finding':
      return row.finding.sites.length > 0 ? 'finding placed' : 'finding';
    case 'run':
      if (row.workload) return ['run workload', ['running', 'paused', 'stopping'].includes(row.workload) ? 'live' : 'ended', row.workload].join(' ');
      return ['run', row.report.run.endedAt === null ? 'live' : 'ended', ...(row.report.members.some((member) => member.marks.includes('orphan')) ? ['orphans'] : [])].join(' ');
    case 'member':
      return ['member', row.member.state === 'exited' ? 'ended' : 'live', row.member.runtime, ...(row.member.target ? ['target'] : []), ...(row.member.role === 'helper' ? ['helper'] : []), ...(/^(debugged|paused)/.test(row.debug ?? '') ? ['debugged'] : [])].join(' ');
    default:
      return row.kind;
  }
}

const escape = (text: string): string => text.replaceAll(/[\\`*_{}[\]()#+\-.!|<>&~$]/g, '\\$&').replaceAll('\n', ' ');
const code = (text: string): string => `\`${text.replaceAll('`', 'ˋ').replaceAll('\n', ' ')}\``;
const time = (t: number): string => new Date(t).toLocaleTimeString(undefined, { hour12: false }) + `.${String(Math.floor(t % 1000)).padStart(3, '0')}`;

/** A link that opens a place in the source; the command checks what it is given. */
function link(text: string, file: string, line: number): string {
  const argument = encodeURIComponent(JSON.stringify([{ file, line }]));
  return `[${escape(text)}](command:procession.openLocation?${argument})`;
}

const clip = (text: string, length = 500): string => (text.length > length ? `${text.slice(0, length)}…` : text);

function nameOf(members: readonly Member[], id: string): string {
  const found = members.find((member) => member.id === id);
  return found ? `${found.name} (pid ${found.pid})` : `pid ${parseInt(id, 10)}`;
}

function zombieLine(member: Member, members: readonly Member[]): [string, string][] {
  if (member.marks.includes('unreaped')) return [['Not reaped', 'its parent ended first, and init has not waited for it: no fault of the program']];
  if (!member.marks.includes('zombie')) return [];
  const parent = members.find((other) => other.pid === member.osParent && other.state !== 'exited');
  return [['Zombie', escape(`it has ended; ${parent ? `${parent.name} (pid ${parent.pid})` : `pid ${member.osParent ?? '?'}`} should wait for it`)]];
}

function facts(member: Member, members: readonly Member[]): [string, string][] {
  const lines: [string, string][] = [['State', escape(describeState(member))]];
  if (member.exit) lines.push(['Exit code', `**${escape(describeExit(member))}**`], ['Known from', escape(describeSource(member.exit))]);
  lines.push(...zombieLine(member, members));
  if (member.marks.includes('orphan') && member.parent !== null) lines.push(['Orphan', escape(`its parent ${nameOf(members, member.parent)} ended first`)]);
  const sender = describeSender(member);
  const place = member.endedBy?.site;
  if (sender !== undefined) lines.push(['Signal sent by', place ? link(sender, place.file, place.line) : escape(sender)]);
  lines.push(['Start method', escape(member.startMethod)]);
  if (member.target) lines.push(['Target', link(describeTarget(member.target), member.target.file, member.target.line)]);
  if (member.args) lines.push(['Arguments', code(clip(member.args))]);
  if (member.site) lines.push(['Created at', link(`${baseName(member.site.file)}:${member.site.line}`, member.site.file, member.site.line)]);
  if (member.daemon !== null) lines.push([member.runtime === 'node' ? 'Detached' : 'Daemon', member.daemon ? 'yes' : 'no']);
  if (member.rank !== null) lines.push(['Rank', `${member.rank}${member.worldSize === null ? '' : ` of ${member.worldSize}`}`]);
  if (member.host !== null) lines.push(['Host', escape(member.host)]);
  if (member.inner) lines.push(['Pid inside', `${member.inner.pid} in its own pid namespace${member.inner.id === member.id ? '; it was never seen from outside' : ''}`]);
  lines.push(['Parent', member.parent === null ? (member.role === 'root' ? 'Procession' : 'unknown') : escape(nameOf(members, member.parent))]);
  if (member.osParent !== null) lines.push(['OS parent', String(member.osParent)]);
  lines.push(['Started', time(member.startedAt)]);
  if (member.endedAt !== null) lines.push(['Ended', `${time(member.endedAt)}, after ${formatSeconds((member.endedAt - member.startedAt) / 1000)}`]);
  if (member.load !== null && member.state !== 'exited') lines.push(['CPU now', formatLoad(member.load)]);
  if (member.cpuSeconds !== null) lines.push(['CPU time', formatSeconds(member.cpuSeconds)]);
  if (member.rss !== null && member.state !== 'exited') lines.push(['Memory now', formatBytes(member.rss)]);
  if (member.peakRssBytes !== null) lines.push(['Peak memory', formatBytes(member.peakRssBytes)]);
  if (member.cwd) lines.push(['Folder', code(member.cwd)]);
  if (member.argv.length) lines.push(['Command', code(clip(quoteCommand(member.argv)))]);
  return lines;
}

/** Everything that is known of a member, with links. Only our own command can be called from it. */
export function memberTooltip(member: Member, report: Report): vscode.MarkdownString {
  const lines = facts(member, report.members).map(([name, value]) => `| ${name} | ${value.replaceAll('|', '\\|').replaceAll('\\\\|', '\\|')} |`);
  const outside = member.marks.includes('outside') ? '\n\nSeen from outside only: no probe could enter it, so this is what the operating system knows.' : '';
  const traceback = member.error ? `\n\n\`\`\`text\n${clip(member.error.traceback.replaceAll('```', 'ˋˋˋ'), 3000)}\n\`\`\`` : '';
  const text = new vscode.MarkdownString(`**${escape(member.name)}** · pid ${member.pid} · ${member.runtime}${member.version ? ` ${escape(member.version)}` : ''}\n\n| | |\n|---|---|\n${lines.join('\n')}${outside}${traceback}`);
  text.isTrusted = { enabledCommands: ['procession.openLocation'] };
  return text;
}

/** The tooltip of any row. */
export function rowTooltip(row: Row, report: Report): vscode.MarkdownString | string {
  switch (row.kind) {
    case 'member':
      return memberTooltip(row.member, report);
    case 'run': {
      if (row.tooltip !== undefined) return row.tooltip;
      const { run, members, problems } = report;
      const lines = [quoteCommand(run.command), `in ${run.cwd}`, countText(members)];
      if (problems.garbledLines) lines.push(`${problems.garbledLines} lines of its record could not be read`);
      return lines.join('\n');
    }
    case 'helpers':
      return 'Processes that the runtime started for itself: resource trackers, fork servers, managers, shells, package managers.';
    case 'thread':
      return `Worker thread ${row.thread.id} of ${row.member.name} (pid ${row.member.pid})${row.thread.file ? `\n${row.thread.file}` : ''}`;
    case 'progress':
      return 'Tasks of this workload. Open Results shows each of them.';
    case 'tasks':
      return 'Tasks that failed and are not tried again by themselves.';
    case 'task':
      return row.task.error.traceback ?? row.task.error.message;
    case 'place':
      return { host: 'A host, with what runs there.', worker: 'A worker of a cluster that this run only uses: it is no process of the run.', row: 'A task that this worker runs now.' }[row.what];
    case 'finding':
      return renderFinding(row.finding, Date.now());
    case 'notice':
      return row.label;
  }
}

/** What a screen reader says for a row. */
export function rowAccessibility(row: Row): string {
  const state = row.kind === 'member' ? `, ${describeState(row.member)}` : '';
  return `${row.label}, ${row.description}${state}`;
}

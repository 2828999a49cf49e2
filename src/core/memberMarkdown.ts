import { describeExit, describeSender, describeSource, describeState, describeTarget, formatBytes, formatLoad, formatSeconds, quoteCommand } from './describe';
import { codeBlock, forMarkdown } from './escapes';
import type { Member } from './member';
import { baseName } from './paths';

/** Everything that is known of a member, as Markdown. Its only links open a place in the source. */

const time = (t: number): string => forMarkdown(new Date(t).toLocaleTimeString(undefined, { hour12: false }) + `.${String(Math.floor(t % 1000)).padStart(3, '0')}`);

/** What `encodeURIComponent` leaves as it is though Markdown ends a link with it. */
const encoded = (text: string): string => encodeURIComponent(text).replace(/[!'()*~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

/** A link that opens a place in the source; the command checks what it is given. */
const link = (text: string, file: string, line: number): string => `[${forMarkdown(text)}](command:procession.openLocation?${encoded(JSON.stringify([{ file, line }]))})`;

const clip = (text: string, length = 500): string => (text.length > length ? `${text.slice(0, length)}…` : text);

function nameOf(members: readonly Member[], id: string): string {
  const found = members.find((member) => member.id === id);
  return found ? `${found.name} (pid ${found.pid})` : `pid ${parseInt(id, 10)}`;
}

function zombieLine(member: Member, members: readonly Member[]): [string, string][] {
  if (member.marks.includes('unreaped')) return [['Not reaped', 'its parent ended first, and init has not waited for it: no fault of the program']];
  if (!member.marks.includes('zombie')) return [];
  const parent = members.find((other) => other.pid === member.osParent && other.state !== 'exited');
  return [['Zombie', forMarkdown(`it has ended; ${parent ? `${parent.name} (pid ${parent.pid})` : `pid ${member.osParent ?? '?'}`} should wait for it`)]];
}

function facts(member: Member, members: readonly Member[]): [string, string][] {
  const lines: [string, string][] = [['State', forMarkdown(describeState(member))]];
  if (member.exit) lines.push(['Exit code', `**${forMarkdown(describeExit(member).trim())}**`], ['Known from', forMarkdown(describeSource(member.exit))]);
  lines.push(...zombieLine(member, members));
  if (member.marks.includes('orphan') && member.parent !== null) lines.push(['Orphan', forMarkdown(`its parent ${nameOf(members, member.parent)} ended first`)]);
  const sender = describeSender(member);
  const place = member.endedBy?.site;
  if (sender !== undefined) lines.push(['Signal sent by', place ? link(sender, place.file, place.line) : forMarkdown(sender)]);
  lines.push(['Start method', forMarkdown(member.startMethod)]);
  if (member.target) lines.push(['Target', link(describeTarget(member.target), member.target.file, member.target.line)]);
  if (member.args) lines.push(['Arguments', forMarkdown(clip(member.args))]);
  if (member.site) lines.push(['Created at', link(`${baseName(member.site.file)}:${member.site.line}`, member.site.file, member.site.line)]);
  if (member.daemon !== null) lines.push([member.runtime === 'node' ? 'Detached' : 'Daemon', member.daemon ? 'yes' : 'no']);
  if (member.rank !== null) lines.push(['Rank', `${member.rank}${member.worldSize === null ? '' : ` of ${member.worldSize}`}`]);
  if (member.host !== null) lines.push(['Host', forMarkdown(member.host)]);
  if (member.inner) lines.push(['Pid inside', `${member.inner.pid} in its own pid namespace${member.inner.id === member.id ? '; it was never seen from outside' : ''}`]);
  lines.push(['Parent', member.parent === null ? (member.role === 'root' ? 'Procession' : 'unknown') : forMarkdown(nameOf(members, member.parent))]);
  if (member.osParent !== null) lines.push(['OS parent', String(member.osParent)]);
  lines.push(['Started', time(member.startedAt)]);
  if (member.endedAt !== null) lines.push(['Ended', `${time(member.endedAt)}, after ${formatSeconds((member.endedAt - member.startedAt) / 1000)}`]);
  if (member.load !== null && member.state !== 'exited') lines.push(['CPU now', formatLoad(member.load)]);
  if (member.cpuSeconds !== null) lines.push(['CPU time', formatSeconds(member.cpuSeconds)]);
  if (member.rss !== null && member.state !== 'exited') lines.push(['Memory now', formatBytes(member.rss)]);
  if (member.peakRssBytes !== null) lines.push(['Peak memory', formatBytes(member.peakRssBytes)]);
  if (member.cwd) lines.push(['Folder', forMarkdown(member.cwd)]);
  if (member.argv.length) lines.push(['Command', forMarkdown(clip(quoteCommand(member.argv)))]);
  return lines;
}

export function memberMarkdown(member: Member, members: readonly Member[]): string {
  const lines = facts(member, members).map(([name, value]) => `| ${name} | ${value} |`);
  const version = member.version ? ` ${forMarkdown(member.version)}` : '';
  const outside = member.marks.includes('outside') ? '\n\nSeen from outside only: no probe could enter it, so this is what the operating system knows.' : '';
  const traceback = member.error ? `\n\n${codeBlock(clip(member.error.traceback, 3000))}` : '';
  return `**${forMarkdown(member.name.trim()) || '?'}** · pid ${member.pid} · ${forMarkdown(member.runtime)}${version}\n\n| | |\n|---|---|\n${lines.join('\n')}${outside}${traceback}`;
}

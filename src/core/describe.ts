import { formatCode, signalMeaning, type Exit } from './exits';
import type { Member } from './members';

/** Texts that every face shares. */

const lastLine = (value: string): string => value.trimEnd().split('\n').at(-1) ?? '';
const shorten = (value: string, length: number): string => (value.length > length ? `${value.slice(0, length - 1)}…` : value);

/** Bytes in the unit that a person would choose: `512 KB`, `34 MB`, `1.2 GB` (1 KB = 1024 bytes, as in top). */
export function formatBytes(bytes: number): string {
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`;
  if (bytes < 1024 ** 3) return `${Math.round(bytes / 1024 ** 2)} MB`;
  return `${(bytes / 1024 ** 3).toFixed(1)} GB`;
}

/** Share of one core as a percentage: `3 %`, `0.4 %`, `187 %`. */
export function formatLoad(load: number): string {
  const percent = load * 100;
  return `${percent >= 10 || percent === 0 ? percent.toFixed(0) : percent.toFixed(1)} %`;
}

/** Seconds as `850 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const byWhom = (member: Member): string => {
  const ended = member.endedBy;
  if (!ended) return '';
  const meaning = signalMeaning(ended.signal) || 'ended';
  if (ended.by === 'outside') return `, ${meaning} from outside the run`;
  if (ended.by === 'kernel') return `, out of memory (${ended.via ?? ''})`;
  if (ended.by === 'procession') return `, ${meaning} by Procession`;
  if (ended.by === 'member') return `, ${meaning} by ${ended.member === member.id ? 'itself' : `pid ${parseInt(ended.member ?? '', 10)}`}${ended.via ? ` (${ended.via})` : ''}`;
  return ended.signal === 'SIGKILL' || ended.signal === 'SIGTERM' ? ', sender unknown' : meaning ? `, ${meaning}` : '';
};

/** An exit code with its meaning: `0`, `−15 SIGTERM, terminated by Procession`, `1 RuntimeError: There was an error!`. */
export function describeExit(member: Member): string {
  const exit = member.exit;
  if (!exit) return '';
  if (exit.source === 'unknown') return 'exit code unknown';
  if (exit.signal !== null) return `${formatCode(exit)} ${exit.signal}${byWhom(member)}`.trim();
  const error = member.error;
  if (exit.code !== 0 && error) return `${formatCode(exit)} ${error.type}: ${shorten(lastLine(error.message), 120)}`.replace(/: $/, '');
  return formatCode(exit);
}

const sources: Record<Exit['source'], string> = {
  parent: 'its parent reaped it', launcher: 'Procession started and reaped it', kernel: 'the kernel’s record of the zombie',
  self: 'its own last words', unknown: 'unknown',
};

/** Where an exit code is known from, in words. */
export function describeSource(exit: Exit): string {
  return exit.source === 'unknown' && exit.reason ? `unknown: ${exit.reason}` : sources[exit.source];
}

/** The state in a word, with the marks: `running`, `stopped`, `exited, zombie`. */
export function describeState(member: Member): string {
  return [member.state, ...member.marks.filter((mark) => mark !== 'outside')].join(', ');
}

/** The grey text beside a member's name: pid, flags, then numbers of a living one or the exit of an ended one. */
export function describeRow(member: Member): string {
  // Of a process of another pid namespace that was too short-lived to be seen from outside, only that pid is known.
  const parts = [member.inner?.id === member.id ? `${member.pid} inside` : String(member.pid)];
  if (member.rank !== null) parts.push(`rank ${member.rank}`);
  if (member.daemon) parts.push(member.runtime === 'node' ? 'detached' : 'daemon');
  if (member.state === 'exited') parts.push(member.marks.includes('zombie') ? `zombie, ${describeExit(member)}` : `exit ${describeExit(member)}`.replace('exit exit', 'exit'));
  else {
    if (member.state !== 'running') parts.push(member.state);
    if (member.load !== null) parts.push(formatLoad(member.load));
    if (member.rss !== null) parts.push(formatBytes(member.rss));
  }
  if (member.marks.includes('orphan')) parts.push('orphan');
  if (member.marks.includes('outside')) parts.push('seen from outside only');
  return parts.join(' · ');
}

/** `1 worker`, `3 workers`. */
export const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

/** A command line as a person would type it into a POSIX shell. */
export function quoteCommand(argv: readonly string[]): string {
  return argv.map((argument) => (/^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`)).join(' ');
}

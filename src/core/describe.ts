import { formatCode, type Exit } from './exits';
import type { Member, WorkerThread } from './member';
import { baseName } from './paths';

/** Texts that every face shares. */

/** A number of one unit in the next greater one, as soon as it would be shown as a whole one of it. */
const fill = (value: number, digits: number, full: number): string | undefined => {
  const text = value.toFixed(digits);
  return Number(text) < full ? text : undefined;
};

/** Bytes in the unit that a person would choose: `512 KB`, `34 MB`, `1.2 GB`, `3.4 TB` (1 KB = 1024 bytes, as in top). */
export function formatBytes(bytes: number): string {
  const kilobytes = fill(bytes / 1024, 0, 1024);
  if (kilobytes !== undefined) return `${kilobytes} KB`;
  const megabytes = fill(bytes / 1024 ** 2, 0, 1024);
  if (megabytes !== undefined) return `${megabytes} MB`;
  const gigabytes = fill(bytes / 1024 ** 3, 1, 1024);
  return gigabytes === undefined ? `${(bytes / 1024 ** 4).toFixed(1)} TB` : `${gigabytes} GB`;
}

/** Share of one core as a percentage: `3.2 %`, `0.4 %`, `187 %`. */
export function formatLoad(load: number): string {
  const percent = load * 100;
  const small = percent === 0 ? undefined : fill(percent, 1, 10);
  return `${small ?? percent.toFixed(0)} %`;
}

/** Seconds as `850 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatSeconds(seconds: number): string {
  const milliseconds = fill(seconds * 1000, 0, 1000);
  if (milliseconds !== undefined) return `${milliseconds} ms`;
  const short = fill(seconds, 1, 60);
  if (short !== undefined) return `${short} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  const hours = Math.round(seconds / 3600);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** An exit code with its meaning: `0`, `−15 SIGTERM, terminated by Procession`, `1 RuntimeError: There was an error!`. */
export function describeExit({ exit, error, outcome }: Member): string {
  if (!exit) return '';
  if (exit.source === 'unknown') return 'exit code unknown';
  const code = [formatCode(exit), exit.signal].filter(Boolean).join(' ');
  if (!outcome || outcome.verdict === 'ok') return code;
  const { verdict, reason } = outcome;
  const repeated = `exit code ${code}`;
  if (reason.startsWith(repeated)) return code + reason.slice(repeated.length);
  return verdict === 'failed' && error && exit.signal === null ? `${code} ${reason}` : `${code}, ${reason}`;
}

const sources: Record<Exit['source'], string> = {
  parent: 'its parent reaped it', launcher: 'Procession started and reaped it', kernel: 'the kernel’s record of the zombie',
  self: 'self-reported', unknown: 'unknown',
};

/** Where an exit code is known from, in words. */
export function describeSource(exit: Exit): string {
  return exit.source === 'unknown' && exit.reason ? `unknown: ${exit.reason}` : sources[exit.source];
}

const markWords: Record<Member['marks'][number], string> = {
  zombie: 'zombie', unreaped: 'not reaped by init', orphan: 'orphan', outside: 'seen from outside only',
};

/** The state in a word, with the marks: `running`, `stopped`, `exited, zombie`. */
export function describeState(member: Member): string {
  return [member.state, ...member.marks.filter((mark) => mark !== 'outside').map((mark) => markWords[mark])].join(', ');
}

/** What a person wants to know first of an ended process: how it ended, and whether somebody still has to wait for it. */
function endOfRow(member: Member): string[] {
  const exit = describeExit(member);
  const named = member.exit?.signal !== null || member.exit.source === 'unknown';
  if (member.marks.includes('unreaped')) return [`${named ? exit : `exited ${exit}`}, ${markWords.unreaped}`];
  return [named ? exit : `exit ${exit}`, ...(member.marks.includes('zombie') ? [markWords.zombie] : [])];
}

/** What it does: an unusual state, then CPU and memory. */
function lifeOfRow({ marks, state, load, rss }: Member): string[] {
  return [
    ...(marks.includes('orphan') ? [markWords.orphan] : []),
    ...(state === 'running' ? [] : [state]),
    ...(load === null ? [] : [formatLoad(load)]),
    ...(rss === null ? [] : [formatBytes(rss)]),
  ];
}

/**
 * The grey text beside a member's name. What matters most stands first, for a sidebar is narrow: the exit of an ended
 * member, what a living one does; then pid and flags. `exit 1 ValueError: no · 4121 · daemon`, `12 % · 34 MB · 4121`.
 */
export function describeRow(member: Member): string {
  return [
    ...(member.state === 'exited' ? endOfRow(member) : lifeOfRow(member)),
    // Of a process of another pid namespace that was too short-lived to be seen from outside, only that pid is known.
    member.inner?.id === member.id ? `${member.pid} inside` : String(member.pid),
    ...(member.rank === null ? [] : [`rank ${member.rank}`]),
    ...(member.daemon ? [member.runtime === 'node' ? 'detached' : 'daemon'] : []),
    ...(member.marks.includes('outside') ? [markWords.outside] : []),
  ].join(' · ');
}

/** A thread, or how it ended: `thread`, `thread · exit 1`. */
export function describeThread({ state, code }: WorkerThread): string {
  if (state === 'running') return 'thread';
  return code === null ? 'thread · ended' : `thread · exit ${code}`;
}

/** What a process runs: `main (server.py:12)`; a script alone is its file. */
export function describeTarget(target: NonNullable<Member['target']>): string {
  const file = baseName(target.file);
  return target.function === '' ? file : `${target.function} (${file}:${target.line})`;
}

/** The call by which a member was ended and where it stands: `os.kill at pool.py:12`; undefined where neither is known. */
export function describeSender({ endedBy }: Member): string | undefined {
  const { via, site } = endedBy ?? {};
  const place = site && `${baseName(site.file)}:${site.line}`;
  return via !== undefined && place !== undefined ? `${via} at ${place}` : (via ?? place);
}

/** `1 worker`, `3 workers`. */
export const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

/** A command line as a person would type it into a POSIX shell. */
export function quoteCommand(argv: readonly string[]): string {
  return argv.map((argument) => (/^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`)).join(' ');
}

import { execFile, execFileSync, type ExecFileSyncOptionsWithStringEncoding } from 'node:child_process';

/**
 * When processes started, in ms since the epoch, to the second, where there is no `/proc`: `ps` or PowerShell tells it. That takes
 * some tens of ms or more, so whoever must not stand still asks beforehand with {@link learnStarts}.
 */

/** ms that an answer is good for: a pid is not given to another process so soon */
const freshFor = 1_000;

const known = new Map<number, { at: number; start: number | undefined }>();

const options: ExecFileSyncOptionsWithStringEncoding = { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' }, windowsHide: true };

/** The program that tells the starts of processes, a line each: the pid, a space, the time. */
function question(pids: readonly number[]): [file: string, args: string[]] {
  const list = pids.join(',');
  return process.platform === 'win32'
    ? ['powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', `Get-Process -Id ${list} -ErrorAction SilentlyContinue | ForEach-Object { "$($_.Id) $($_.StartTime.ToUniversalTime().ToString('o'))" }`]]
    : ['ps', ['-o', 'pid=,lstart=', '-p', list]];
}

/** Pid and start of each line. A process that is not named has ended. */
export function parseStarts(text: string): Map<number, number> {
  const lines = text.split('\n').map((line) => /^\s*(\d+)\s+(.+?)\s*$/.exec(line));
  return new Map(lines.flatMap((found): [number, number][] => (found && !Number.isNaN(Date.parse(found[2] ?? '')) ? [[Number(found[1]), Date.parse(found[2] ?? '')]] : [])));
}

function note(pids: readonly number[], text: string): void {
  const starts = parseStarts(text);
  const at = Date.now();
  for (const [pid, answer] of known) if (at - answer.at > freshFor) known.delete(pid);
  for (const pid of pids) known.set(pid, { at, start: starts.get(pid) });
}

/** Learns when processes started, so that {@link startElsewhere} need not ask for the next second. Does not block, and never fails. */
export async function learnStarts(pids: readonly number[]): Promise<void> {
  if (pids.length === 0) return;
  const [file, args] = question(pids);
  // `ps` ends with 1 when one of them is not there.
  const text = await new Promise<string>((done) => execFile(file, args, options, (_, stdout) => done(stdout)));
  note(pids, text);
}

/** When a process started; undefined when there is none. */
export function startElsewhere(pid: number): number | undefined {
  const answer = known.get(pid);
  if (answer && Date.now() - answer.at <= freshFor) return answer.start;
  const [file, args] = question([pid]);
  try {
    return parseStarts(execFileSync(file, args, { ...options, stdio: ['ignore', 'pipe', 'ignore'] })).get(pid);
  } catch {
    return undefined;
  }
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ProcessRow } from '../listing';

const args = ['-axwwo', 'pid=,ppid=,pgid=,state=,time=,rss=,lstart=,command='];
const line = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+)\s+(\d+)\s+(\w{3} +\w{3} +\d+ +[\d:]+ +\d+)\s?(.*)$/;

/** `[[days-]hours:]minutes:seconds[.hundredths]` in seconds; macOS writes the latter form, procps the former. */
export function parseTime(text: string): number {
  const found = /^(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)(?:[.,](\d+))?$/.exec(text);
  if (!found) return 0;
  const [, days = '0', hours = '0', minutes = '0', seconds = '0', fraction = '0'] = found;
  return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(`${seconds}.${fraction}`);
}

/**
 * Rows of `ps` with the columns above, in the C locale. `ps` joins the arguments by spaces, so where they held
 * some themselves they cannot be told apart again. Start times are whole seconds.
 */
export function parsePs(text: string): ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const entry of text.split('\n')) {
    const found = line.exec(entry);
    if (!found) continue;
    const [, pid, ppid, pgid, state = '', time = '', rss, started = '', command = ''] = found;
    const argv = command.split(' ').filter((word) => word !== '');
    const startedAt = Date.parse(started);
    rows.push({
      pid: Number(pid), ppid: Number(ppid), pgid: Number(pgid),
      // macOS: U is a wait that cannot be interrupted, which Linux calls D.
      state: state.startsWith('U') ? 'D' : state.slice(0, 1),
      cpu: parseTime(time), rss: Number(rss) * 1024,
      name: (argv[0] ?? '').replace(/^-/, '').replace(/^.*\//, ''),
      ...(argv.length > 0 ? { argv } : {}),
      ...(Number.isNaN(startedAt) ? {} : { startedAt }),
    });
  }
  return rows;
}

/** All processes, by the `ps` of macOS, the BSDs or Linux. */
export async function listWithPs(): Promise<ProcessRow[]> {
  const { stdout } = await promisify(execFile)('ps', args, { env: { ...process.env, LC_ALL: 'C' }, maxBuffer: 64_000_000 });
  return parsePs(stdout);
}

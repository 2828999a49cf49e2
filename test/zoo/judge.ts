import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import type { Finding } from '../../src/core/findings/finding';
import type { Case } from './cases';

/** Runs a case under `procession run` and judges what the report tells of it. */

export interface Outcome {
  exit: number | null;
  late: boolean;
  seconds: number;
  /** undefined: there was no report */
  findings: Finding[] | undefined;
  output: string;
}

export interface Toolchain {
  python: string;
  node: string;
}

/** ms that a case may take before it is stopped and counts as not explained */
const limit = 40_000;
/** ms: what is asked to end has ended, or is killed */
const patience = 8_000;
const cli = resolve(import.meta.dirname, '../../dist/cli.js');

/** Runs one case in a copy of its folder. */
export async function run(one: Case, { python, node }: Toolchain): Promise<Outcome> {
  const work = mkdtempSync(join(tmpdir(), 'zoo-'));
  const where = join(work, basename(one.path).replace(/\.\w+$/, ''));
  cpSync(one.path, statSync(one.path).isDirectory() ? where : join(where, basename(one.path)), { recursive: true, filter: (path) => !/(case\.json|__pycache__)$/.test(path) });
  const report = join(work, 'report.json');
  const [program = '', ...args] = one.command;
  const command = [{ python, python3: python, node }[program] ?? program, ...args];
  const env = { ...process.env, ZOO_MARK: basename(work), PATH: [dirname(node), process.env.PATH].join(delimiter) };
  const begun = performance.now();
  const child = spawn(process.execPath, [cli, 'run', '--report', report, '--hang-after', '2', '--stop-on-hang', '--', ...command], { cwd: where, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { output += text; });
  let late = false;
  const timers = [setTimeout(() => { late = true; child.kill('SIGTERM'); }, limit), setTimeout(() => child.kill('SIGKILL'), limit + patience)];
  // What a case leaves behind may hold the pipes: the command line's own end counts.
  const exit = await new Promise<number | null>((done) => { child.on('exit', done); child.on('error', () => done(null)); });
  timers.forEach(clearTimeout);
  await sweep(basename(work));
  const seconds = (performance.now() - begun) / 1000;
  const findings = existsSync(report) ? (JSON.parse(readFileSync(report, 'utf8')) as { findings: Finding[] }).findings : undefined;
  rmSync(work, { recursive: true, force: true });
  return { exit, late, seconds, findings, output };
}

/** Ends what a case has left behind: the processes that carry its mark in their environment. */
async function sweep(mark: string): Promise<void> {
  const carries = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`ZOO_MARK=${mark}`);
    } catch {
      return false;
    }
  };
  for (let round = 0; round < 5; round++) {
    const left = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid && carries(pid));
    if (left.length === 0) return;
    for (const pid of left) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch { /* it has just ended */ }
    }
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** What is wrong with what was told of a case; empty when a broken one is explained, or a healthy one left alone. */
export function verdict(one: Case, { exit, late, findings }: Outcome): string[] {
  if (!findings) return [late ? 'no report, not ended' : 'no report'];
  if (one.healthy !== undefined) {
    if (findings.length > 0) return findings.map(({ rule, certainty, title }) => `FALSE ALARM ${rule} (${certainty}): ${title}`);
    if (late) return ['did not end'];
    return exit === one.healthy ? [] : [`exit ${String(exit)}, not ${one.healthy}`];
  }
  const right = findings.filter(({ rule }) => one.rules.includes(rule));
  if (right.length === 0) return [findings.length === 0 ? 'nothing found' : `found only ${findings.map(({ rule }) => rule).join(', ')}`];
  const told = right.flatMap(({ sites }) => sites.map(({ file, line }) => `${basename(file)}:${line}`));
  const text = right.map(({ title, evidence, advice }) => [title, ...evidence, advice].join(' ')).join(' ');
  return [
    ...(one.sites.length > 0 && !one.sites.some((site) => told.includes(site)) ? [`names none of the lines ${one.sites.join(', ')}`] : []),
    ...(one.names.length > 0 && !one.names.some((name) => text.includes(name)) ? [`names none of ${one.names.join(', ')}`] : []),
    ...(one.certainty === 'likely' && right.some(({ certainty }) => certainty === 'proved') ? ['called proved, which the evidence does not allow'] : []),
    ...(one.hangs && exit !== 124 ? [`exit ${String(exit)}, not 124`] : []),
    ...(right.every(({ title, advice }) => title !== '' && advice !== '') ? [] : ['no title or no advice']),
  ];
}

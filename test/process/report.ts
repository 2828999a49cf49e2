import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Member } from '../../src/core/members';
import type { Report } from '../../src/core/report';

/** Runs programs bare and through the command line, and compares the report with what is expected of it. */

const cli = process.env.PROCESSION_CLI ?? resolve(import.meta.dirname, '../../dist/cli.js');

export interface Command {
  argv: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  stdin?: string | undefined;
}

/** What somebody sees of a program from outside. `status` is the shell's: 128 + n for signal n. */
export interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

/** No program of a test may run longer, in ms. */
const limit = 20_000;

/** Runs a program to the end of its output; one that does not end in time is killed and counts as status 137. */
export function runBare({ argv: [program = '', ...args], cwd, env, stdin }: Command): Promise<Outcome> {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { cwd, env, timeout: limit, killSignal: 'SIGKILL' });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    // A program need not read its stdin to the end: EPIPE.
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin);
    child.on('error', failed);
    child.on('close', (code, signal) => done({
      status: code ?? 128 + (signal ? constants.signals[signal] : 0),
      // latin1 keeps every byte apart from every other.
      stdout: Buffer.concat(stdout).toString('latin1'),
      stderr: Buffer.concat(stderr).toString('latin1'),
    }));
  });
}

/** Runs a program through `procession run` with the given options. */
export async function runObserved(command: Command, options: readonly string[] = []): Promise<Outcome & { report: Report }> {
  const folder = mkdtempSync(join(tmpdir(), 'procession-test-'));
  const file = join(folder, 'report.json');
  try {
    const argv = [process.execPath, cli, 'run', '--report', file, ...options, '--', ...command.argv];
    const outcome = await runBare({ ...command, argv });
    const text = readFileSync(file, 'utf8');
    if (!text) throw new Error(`no report was written; status ${outcome.status}, stderr: ${outcome.stderr}`);
    return { ...outcome, report: JSON.parse(text) as Report };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How a member is described in an expectation: any of its keys; `parent` and `endedBy.member` by name; `count` members are like that. */
export type ExpectedMember = Record<string, unknown> & { count?: number | string | [number, number] };

export interface Expectation {
  members: ExpectedMember[];
  /** which other members may be there */
  others: 'none' | 'helpers' | 'any';
}

/**
 * True when a value is as expected: a text "/…/" is a regular expression, a list for a single value names the admissible ones,
 * a list for a list names what must be in it, an object names the keys that matter.
 */
export function matches(actual: unknown, expected: unknown): boolean {
  if (typeof expected === 'string' && /^\/.*\/$/s.test(expected)) return typeof actual === 'string' && new RegExp(expected.slice(1, -1)).test(actual);
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return expected.some((one) => matches(actual, one));
    return expected.every((one) => actual.some((value) => matches(value, one)));
  }
  if (expected === null || typeof expected !== 'object') return actual === expected;
  if (actual === null || typeof actual !== 'object') return false;
  return Object.entries(expected).every(([key, value]) => matches((actual as Record<string, unknown>)[key], value));
}

type View = Record<string, unknown>;

/** Members with names in place of the ids that differ from run to run. */
function viewsOf(members: readonly Member[]): View[] {
  const names = new Map(members.map(({ id, name }) => [id, name]));
  const nameOf = (id: string | null | undefined): string | null | undefined => (id === null || id === undefined ? id : (names.get(id) ?? `unknown member ${id}`));
  return members.map((member) => ({
    ...member,
    parent: nameOf(member.parent),
    endedBy: member.endedBy && { ...member.endedBy, member: nameOf(member.endedBy.member) },
  }));
}

interface Wanted {
  expected: Record<string, unknown>;
  needed: boolean;
}

function wantedOf(members: readonly ExpectedMember[]): Wanted[] {
  const all = members.flatMap(({ count = 1, ...expected }) => {
    const [least, most] = Array.isArray(count) ? count : [Number(count), Number(count)];
    return Array.from({ length: most }, (_, i): Wanted => ({ expected, needed: i < least }));
  });
  // What is needed chooses first: later ones never take a member away from an earlier one without giving it another.
  return all.sort((a, b) => Number(b.needed) - Number(a.needed));
}

/** Gives each wanted member one of the views so that as many as possible are served (augmenting paths). */
function assign(wanted: readonly Wanted[], views: readonly View[]): (Wanted | undefined)[] {
  const taken: (Wanted | undefined)[] = views.map(() => undefined);
  const place = (want: Wanted, tried: Set<number>): boolean => views.some((view, i) => {
    if (tried.has(i) || !matches(view, want.expected)) return false;
    tried.add(i);
    const holder = taken[i];
    if (holder && !place(holder, tried)) return false;
    taken[i] = want;
    return true;
  });
  for (const want of wanted) place(want, new Set());
  return taken;
}

const brief = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
};

function summary(view: View): string {
  const { name, pid, parent, role, startMethod, exit, marks } = view;
  return `${String(name)} (${brief({ pid, parent, role, startMethod, exit, marks })})`;
}

/** What keeps the nearest free view from being the wanted one. */
function explain(want: Wanted, free: readonly View[]): string {
  const wrongIn = (view: View): string[] => Object.keys(want.expected).filter((key) => !matches(view[key], want.expected[key]));
  const nearest = free.map((view) => ({ view, wrong: wrongIn(view) })).sort((a, b) => a.wrong.length - b.wrong.length || Number(a.wrong.includes('name')) - Number(b.wrong.includes('name')))[0];
  const head = `missing: ${brief(want.expected)}`;
  if (!nearest) return head;
  return [head, `  nearest: ${String(nearest.view.name)}, pid ${String(nearest.view.pid)}`, ...nearest.wrong.map((key) => `    ${key}: expected ${brief(want.expected[key])}, got ${brief(nearest.view[key])}`)].join('\n');
}

/** The members of a report that are not as expected, in words; empty when all is well. */
export function mismatches(report: Report, expectation: Expectation): string[] {
  const views = viewsOf(report.members);
  const wanted = wantedOf(expectation.members);
  const taken = assign(wanted, views);
  const free = views.filter((_, i) => !taken[i]);
  const missing = wanted.filter((want) => want.needed && !taken.includes(want)).map((want) => explain(want, free));
  const surplus = expectation.others === 'any' ? [] : free.filter((view) => expectation.others === 'none' || view.role !== 'helper');
  return [...missing, ...surplus.map((view) => `not expected: ${summary(view)}`)];
}

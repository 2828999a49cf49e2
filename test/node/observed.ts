import { buildSync } from 'esbuild';
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { Event, EventType } from '../../src/core/events';
import { parseEvent } from '../../src/core/parse';
import { observedEnvironment } from '../../src/launch/environment';
import { nodeProbe } from '../../src/probes/node/bundles.mjs';
import { binaryOf, majors } from './install.mjs';

/** A Node to try: its binary and version. */
export interface Node {
  path: string;
  version: string;
  major: number;
}

function ask(path: string): Node {
  const version = spawnSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8', env: {} }).stdout.trim();
  return { path, version, major: parseInt(version, 10) };
}

/** The running Node, and the installed ones of other versions. */
export const nodes: readonly Node[] = [process.execPath, ...majors.map(binaryOf).filter((path) => existsSync(path))].map(ask)
  .filter(({ version }, index, all) => all.findIndex((other) => other.version === version) === index)
  .sort((a, b) => a.major - b.major);

const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const scratch = mkdtempSync(join(memory, 'procession-node-test-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** The folder that holds the probes: the real Node probe as it is shipped, and the (here unused) place of the Python one. */
export const probes = join(scratch, 'a folder with "quotes" and é', 'probes');
buildSync(nodeProbe(join(probes, 'node'), { absWorkingDir: join(__dirname, '../..'), logLevel: 'error' }));
mkdirSync(join(probes, 'python', 'boot'), { recursive: true });

export interface Outcome {
  stdout: string;
  stderr: string;
  code: number | null;
  signal: NodeJS.Signals | null;
}

interface Options {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** keep copies of the member's output */
  keepOutput?: boolean;
  /** called again and again with the events so far while the program runs, until it returns a signal to end it with */
  during?: (events: Event[]) => NodeJS.Signals | undefined;
}

/** Runs a program to its end, or kills it after 60 s. `tick` is called while it runs, until it returns a signal to end it with. */
export function execute(path: string, args: string[], { cwd, env }: Options, tick?: () => NodeJS.Signals | undefined): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    // A group of its own, so that what a killed program leaves behind goes with it.
    const child = spawn(path, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const end = (signal: NodeJS.Signals): void => void process.kill(-child.pid!, signal);
    const limit = setTimeout(end, 60_000, 'SIGKILL');
    const text = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (data: string) => (text[name] += data));
    child.once('error', reject);
    const timer = tick && setInterval(() => {
      const signal = tick();
      if (!signal) return;
      clearInterval(timer);
      end(signal);
    }, 10);
    child.once('close', (code, signal) => {
      clearInterval(timer);
      clearTimeout(limit);
      resolve({ ...text, code, signal });
    });
  });
}

/** What a program did with the probe in it, and everything the probe told. */
export class Observed {
  constructor(readonly outcome: Outcome, readonly events: Event[], readonly copies: Map<string, string>) {}

  of<E extends EventType>(e: E): Extract<Event, { e: E }>[] {
    return this.events.filter((event): event is Extract<Event, { e: E }> => event.e === e);
  }

  /** The only event of its type that fits. */
  one<E extends EventType>(e: E, fits: (event: Extract<Event, { e: E }>) => boolean = () => true): Extract<Event, { e: E }> {
    const found = this.of(e).filter(fits);
    assert.equal(found.length, 1, `expected one such ${e} event in ${JSON.stringify(this.events, null, 1)}`);
    return found[0]!;
  }
}

/** The launcher's reference, as the nearest observed ancestor of a test's root. */
export const ancestor = '1.1';

/** A fresh run directory. */
export function makeRun(): string {
  const run = mkdtempSync(join(scratch, 'run|'));
  mkdirSync(join(run, 'events'));
  mkdirSync(join(run, 'out'));
  return run;
}

export function environmentFor(run: string, { env = process.env, keepOutput = false }: Options, argv: readonly string[] = []): NodeJS.ProcessEnv {
  return observedEnvironment(env, { run, probes, ancestor, keepOutput }, argv);
}

/** Every line of every event file of a run; none may be garbled or of an unknown type. */
export function readEvents(run: string): Event[] {
  const lines = readdirSync(join(run, 'events')).flatMap((file) => readFileSync(join(run, 'events', file), 'utf8').split('\n').filter((line) => line !== ''));
  return lines.map((line) => {
    const event = parseEvent(line);
    if (typeof event === 'string') assert.fail(`${event}: ${line}`);
    return event;
  });
}

/** Runs a program with the probe in it. */
export async function observe(path: string, args: string[], options: Options = {}): Promise<Observed> {
  const run = makeRun();
  try {
    const { during } = options;
    const outcome = await execute(path, args, { ...options, env: environmentFor(run, options, [path, ...args]) }, during && (() => during(readEvents(run))));
    const copies = new Map(readdirSync(join(run, 'out')).map((file) => [file, readFileSync(join(run, 'out', file), 'utf8')]));
    return new Observed(outcome, readEvents(run), copies);
  } finally {
    rmSync(run, { recursive: true, force: true });
  }
}

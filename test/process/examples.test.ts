import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import type { Report } from '../../src/core/report';
import { mismatches, runBare, runObserved, type Command, type Expectation } from './report';
import { defaultStartMethod, findNodes, findPythons, isAtLeast, sampleOf, type Interpreter } from './toolchains';

/**
 * Every program under test/examples, with the interpreters that are there: what it prints and how it ends must be the
 * same with and without us, and its tree must be as the file beside it says.
 */

interface Example extends Expectation {
  command: string[];
  exit: { code: number | null; signal: string | null };
  env?: Record<string, string>;
  stdin?: string;
  /** observe until every member has ended, not only the root */
  wait?: boolean;
  /** run with every Python found, not with a sample of them */
  core?: boolean;
  /** the oldest Node that can run it */
  nodes?: string;
}

const folder = resolve(import.meta.dirname, '../examples');
const ending = '.expect.json';

/** Folders and variables that programs and package managers need; nothing else of the surroundings, so that a run is the same anywhere. */
const kept = ['HOME', 'LANG', 'TMPDIR', 'XDG_CACHE_HOME', 'XDG_RUNTIME_DIR'];

interface Toolchain {
  python: Interpreter;
  node: Interpreter;
}

function environmentOf({ python, node }: Toolchain, own: Record<string, string> = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = Object.fromEntries(kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
  const path = [dirname(python.path), dirname(node.path), process.env.PATH].join(delimiter);
  // npm says at times that there is a newer one.
  return { ...env, PATH: path, npm_config_update_notifier: 'false', ...own };
}

function readExample(file: string, { python, node }: Toolchain, method: string): Example {
  const facts: Record<string, string> = { python: python.path, node: node.path, cpus: String(cpus().length), method };
  const text = readFileSync(file, 'utf8').replace(/\{(python|node|cpus|method)\}/g, (_, name: string) => JSON.stringify(facts[name]).slice(1, -1));
  return JSON.parse(text) as Example;
}

/** What must hold for the report of any program that went well. */
function flaws(report: Report): string[] {
  const { garbledLines, unknownEvents, messages } = report.problems;
  const noise = garbledLines || unknownEvents || messages.length ? [`problems: ${JSON.stringify(report.problems)}`] : [];
  const members = report.members.flatMap((member) => {
    const who = `${member.name} (pid ${member.pid})`;
    if (member.state !== 'exited') return member.role === 'helper' ? [] : [`${who} is still ${member.state}`];
    if (!member.exit) return [`${who} has ended and has no exit`];
    return member.exit.source === 'unknown' && !member.exit.reason ? [`${who} has an unknown exit without a reason`] : [];
  });
  return [...noise, ...members];
}

async function check(file: string, example: Example, toolchain: Toolchain): Promise<void> {
  const command: Command = { argv: example.command, cwd: dirname(file), env: environmentOf(toolchain, example.env), stdin: example.stdin };
  const bare = await runBare(command);
  const { report, ...observed } = await runObserved(command, example.wait ? ['--wait'] : []);
  assert.deepEqual(observed, bare, 'the program prints and ends as it does without us');
  const { code, signal } = report.run.exit ?? {};
  assert.deepEqual({ code, signal }, example.exit);
  const wrong = [...mismatches(report, example), ...flaws(report)];
  assert.ok(wrong.length === 0, `${wrong.join('\n')}\n`);
}

const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending)).sort();
const pythons = findPythons();
const nodes = findNodes();

/** The interpreters that an example is run with, by the folder that it lies in. */
function toolchainsOf(name: string, { core, nodes: least = '20' }: Pick<Example, 'core' | 'nodes'>): Toolchain[] {
  const newest = { python: pythons.at(-1)!, node: nodes.at(-1)! };
  if (name.startsWith('python')) return (core ? pythons : sampleOf(pythons)).map((python) => ({ ...newest, python }));
  if (name.startsWith('node')) return sampleOf(nodes.filter(({ version }) => isAtLeast(version, least))).map((node) => ({ ...newest, node }));
  return pythons.length + nodes.length > 2 ? [{ python: pythons[0]!, node: nodes[0]! }, newest] : [newest];
}

const unfit = process.platform !== 'linux' ? 'the expectations are those of Linux' : pythons.length === 0 ? 'no Python from 3.8 was found' : undefined;

describe('examples', { concurrency: Math.min(2, availableParallelism()), skip: unfit ?? false }, () => {
  if (unfit) return;
  const methods = new Map(pythons.map((python) => [python, defaultStartMethod(python)]));
  for (const name of files) {
    const file = join(folder, name);
    const title = join(dirname(name), basename(name, ending));
    for (const chain of toolchainsOf(name, JSON.parse(readFileSync(file, 'utf8')) as Example)) {
      it(`${title} with Python ${chain.python.version}, Node ${chain.node.version}`, async () => {
        await check(file, readExample(file, chain, methods.get(chain.python) ?? ''), chain);
      });
    }
  }
});

import { isNode } from './commandLine';
import { numberings } from './introduction';
import { runIsGone } from './journal';
import { handedDown } from './mark';
import { quietly } from './quietly';
import { scriptOf } from './spawning';
import { system } from './system';
import type { Taken } from './taken';

/**
 * Which children js-debug attaches to. Its bootloader attaches to every Node process that finds its variable, so the variable is
 * kept from the children that the configuration leaves out. It travels on in a variable of ours, for their own children.
 */

/** What the window has written into the run directory: see `writePolicy` in src/debug/places.ts. */
interface Policy {
  /** the whole of the name, as a regular expression */
  name?: string;
  /** the end of the script's path, as a regular expression */
  target?: string;
  /** a part of the command line */
  argv?: string;
  index?: number;
  depth?: number;
  rank?: number;
  most: number;
}

const ofDebugger = 'VSCODE_INSPECTOR_OPTIONS';

let policy: Policy | undefined;
let run = '';
let depth = 0;
let spawned = 0;
let kept = '';
let met = true;

/** Reads what the run allows. */
export function readPolicy({ mark: { options, run: directory }, attach }: Taken): void {
  if (!options.includes('f')) return;
  run = directory;
  met = process.env[ofDebugger] !== undefined || attach !== undefined;
  policy = quietly(() => JSON.parse(system.readFileSync(`${directory}/attach.json`, 'utf8')) as Policy);
  const [level, ...rest] = attach?.split('|') ?? [];
  depth = Number(level ?? 0);
  kept = rest.join('|');
}

/** One of the places for sessions; the window makes it free when a session ends. */
function place(most: number): boolean {
  for (let number = 0; number < most; number++) {
    try {
      system.closeSync(system.openSync(`${run}/attached/${number}`, 'wx', 0o600));
      return true;
    } catch {
      // Taken by another process, or the directory is gone.
    }
  }
  return false;
}

/** Programs that start Node. */
const startsNode = /(^|[\\/])(npm|npx|yarn|pnpm|tsx|sh|bash|dash|zsh|cmd)(\.exe|\.cmd)?$/i;
const script = /[^\\/]+\.[cm]?[jt]sx?$/;

/** What the tree will call a child. */
function nameOf(pairs: readonly string[], args: readonly string[]): string {
  const worker = pairs.find((pair) => pair.startsWith('NODE_UNIQUE_ID='));
  if (worker !== undefined) return `worker ${worker.slice(worker.indexOf('=') + 1)}`;
  for (const argument of args.slice(1)) {
    const found = script.exec(argument);
    if (found) return found[0];
  }
  return args[0] ?? '';
}

function rankIn(value: (name: string) => string | undefined): string | undefined {
  return numberings.map(([rank]) => value(rank)).find((text) => text !== undefined && text !== '');
}

/** The rank that a child is given. One that it has from us by inheritance is ours. */
function rankOf(pairs: readonly string[]): number | undefined {
  const rank = rankIn((name) => pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1));
  return rank === undefined || rank === rankIn((name) => process.env[name]) ? undefined : Number(rank);
}

function fits({ name, target, argv, index, depth: level, rank }: Policy, pairs: readonly string[], args: readonly string[], number: number): boolean {
  return (name === undefined || new RegExp(name, 's').test(nameOf(pairs, args)))
    && (target === undefined || new RegExp(target, 's').test(scriptOf(args) ?? ''))
    && (argv === undefined || args.join(' ').includes(argv))
    && (index === undefined || index === number)
    && (level === undefined || level === depth + 1)
    && (rank === undefined || rank === rankOf(pairs));
}

/**
 * Lets the debugger into a child that is about to be started, or keeps it out. Nothing is decided for another program than Node when
 * there are conditions, which it can't be held to: a Node process that comes of it is met by itself, see {@link meet}.
 */
export function admit(pairs: string[], args: readonly string[]): void {
  if (!policy) return;
  const at = pairs.findIndex((pair) => pair.startsWith(`${ofDebugger}=`));
  const value = at < 0 ? kept : pairs[at]!.slice(ofDebugger.length + 1);
  if (value === '') return;
  if (at >= 0) pairs.splice(at, 1);
  const number = spawned++;
  const { most, ...conditions } = policy;
  if (!isNode(args[0] ?? '') && !(startsNode.test(args[0] ?? '') && Object.keys(conditions).length === 0)) return;
  if (fits(policy, pairs, args, number) && place(most)) pairs.push(`${ofDebugger}=${value}`);
  pairs.push(`${handedDown}=${depth + 1}|${value}`);
}

/** ms between looks; how many of them until the window has taken notice (one that has not after 2 s is gone), and in all. No clock, which may be a fake. */
const step = 5;
const looks = { notice: 400, attaching: 2_000 };

/**
 * Where a window follows new processes, one that js-debug has not brought up waits here, before the program's first line, until the
 * window has attached to it or lets it go. The window writes into the file when it has taken notice, and takes it away in the end.
 */
export function meet(id: string): void {
  if (met || runIsGone()) return;
  const path = `${run}/waits/${id}`;
  system.closeSync(system.openSync(path, 'w', 0o600));
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const isNoticed = (): boolean => system.readFileSync(path, 'utf8') !== '';
  for (let look = 0; system.existsSync(path) && look < (isNoticed() ? looks.attaching : looks.notice); look++) Atomics.wait(cell, 0, 0, step);
  system.unlinkSync(path);
}

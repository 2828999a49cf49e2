import { quietly } from './quietly';
import { system } from './system';

/**
 * Which children js-debug attaches to. Its bootloader attaches to every Node process that finds its variable, so the variable is
 * kept from the children that the configuration leaves out. It travels on in a variable of ours, for their own children.
 */

/** What the window has written into the run directory: see `childrenFile` in src/debug/nodePolicy.ts. */
interface Policy {
  /** the whole of the name, as a regular expression */
  name?: string;
  /** a part of the command line */
  argv?: string;
  index?: number;
  depth?: number;
  most: number;
}

const ofDebugger = 'VSCODE_INSPECTOR_OPTIONS';
const handedDown = 'PROCESSION_ATTACH';

let policy: Policy | undefined;
let run = '';
let depth = 0;
let spawned = 0;
let kept = '';

/** Reads what the run allows, and takes our variable out of the program's sight. */
export function takePolicy(environment: Record<string, string | undefined>, options: string, directory: string): void {
  if (!options.includes('f')) return;
  run = directory;
  policy = quietly(() => JSON.parse(system.readFileSync(`${directory}/attach.json`, 'utf8')) as Policy);
  const [level, ...rest] = environment[handedDown]?.split('|') ?? [];
  depth = Number(level ?? 0);
  kept = rest.join('|');
  delete environment[handedDown];
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

/** Programs that are Node or may start it; others get no debugger, so they take no place. */
const mayBeNode = /(^|[\\/])(node|nodejs|npm|npx|yarn|pnpm|tsx|sh|bash|dash|zsh|cmd)(\.exe|\.cmd)?$/i;
const script = /(?:^|[\\/])([^\\/]+\.[cm]?[jt]sx?)$/;

/** What the tree will call a child. */
function nameOf(pairs: readonly string[], args: readonly string[]): string {
  const worker = pairs.find((pair) => pair.startsWith('NODE_UNIQUE_ID='));
  if (worker !== undefined) return `worker ${worker.slice(worker.indexOf('=') + 1)}`;
  for (const argument of args.slice(1)) {
    const found = script.exec(argument);
    if (found) return found[1]!;
  }
  return args[0] ?? '';
}

/** Lets the debugger into a child that is about to be started, or keeps it out. */
export function admit(pairs: string[], args: readonly string[]): void {
  if (!policy) return;
  const at = pairs.findIndex((pair) => pair.startsWith(`${ofDebugger}=`));
  const value = at < 0 ? kept : pairs[at]!.slice(ofDebugger.length + 1);
  if (value === '') return;
  if (at >= 0) pairs.splice(at, 1);
  const index = spawned++;
  const { name: names, argv, index: wanted, depth: level, most } = policy;
  const fits = (names === undefined || new RegExp(names, 's').test(nameOf(pairs, args))) && (argv === undefined || args.join(' ').includes(argv))
    && (wanted === undefined || wanted === index) && (level === undefined || level === depth + 1) && mayBeNode.test(args[0] ?? '');
  if (fits && place(most)) pairs.push(`${ofDebugger}=${value}`);
  pairs.push(`${handedDown}=${depth + 1}|${value}`);
}

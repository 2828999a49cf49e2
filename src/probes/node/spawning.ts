import { path, util } from './builtins';
import { isScript, takesModule } from './commandLine';
import { brief, record } from './journal';
import type { Frame, Site } from './site';
import { callers, siteOf } from './site';

/** What the program asked the operating system for, told alike for the asynchronous and the synchronous calls. */
export interface Request {
  t: number;
  method: string;
  argv: string[];
  cwd: string | undefined;
  site: Site | undefined;
  /** `NODE_UNIQUE_ID` of a cluster worker */
  worker: string | undefined;
  detached: boolean;
}

/** The options that `child_process` hands to its native binding. */
export interface NativeOptions {
  file: string;
  args?: string[] | undefined;
  cwd?: string | undefined;
  envPairs?: string[] | undefined;
  detached?: boolean;
}

/** The outermost function of `child_process` on the stack: exec() calls execFile(), which calls spawn(). */
function methodOf(frames: readonly Frame[]): string {
  let method = 'spawn';
  for (const { file, function: name } of frames) {
    if (file.startsWith('node:internal/cluster/')) return 'cluster';
    if (file === 'node:child_process' && name) method = name;
    else if (!file.startsWith('node:') && file !== '') break;
  }
  return `child_process.${method}`;
}

/** Describes a request that the function `below` has received. */
export function describe(options: NativeOptions, t: number, below: (...args: never[]) => unknown): Request {
  const frames = callers(below);
  const unique = options.envPairs?.find((pair) => pair.startsWith('NODE_UNIQUE_ID='));
  const method = methodOf(frames);
  return {
    t,
    method,
    argv: brief(options.args ?? [options.file]),
    cwd: typeof options.cwd === 'string' ? options.cwd : undefined,
    site: siteOf(frames),
    worker: method === 'cluster' ? unique?.slice('NODE_UNIQUE_ID='.length) : undefined,
    detached: options.detached === true,
  };
}

/** The script that a command line of Node runs. */
export const scriptOf = (argv: readonly string[]): string | undefined =>
  argv.find((argument, index) => index > 0 && !argument.startsWith('-') && !takesModule.has(argv[index - 1]!));

/** The script that a child made by fork() runs. */
function targetOf({ argv, cwd }: Request): { file: string; line: number } | undefined {
  const script = argv.find((argument, index) => index > 0 && isScript(argument) && !takesModule.has(argv[index - 1]!));
  return script === undefined ? undefined : { file: path().resolve(cwd ?? process.cwd(), script), line: 1 };
}

/** Records that the child `child` was created. */
export function recordSpawn(request: Request, child: string): void {
  const { t, method, argv, cwd, site, worker, detached } = request;
  const forked = method === 'cluster' || method === 'child_process.fork';
  const target = forked ? targetOf(request) : undefined;
  record({
    e: 'spawn',
    t,
    child,
    method,
    name: worker === undefined ? target && path().basename(target.file) : `worker ${worker}`,
    daemon: detached,
    role: worker === undefined ? 'child' : 'worker',
    target,
    argv,
    cwd,
    site,
  });
}

/** Records that the operating system refused, with a negative `errno`. */
export function recordRefusal({ method, argv, site }: Request, errno: number): void {
  record({ e: 'spawnFailed', method, message: `spawn ${argv[0] ?? ''} ${util().getSystemErrorName(errno)}`, argv, site });
}

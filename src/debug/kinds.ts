import type { DebugSession } from 'vscode';
import { baseName } from '../core/paths';
import type { LaunchOptions } from '../launch/options';
import { commandToArgv, runtimeOfFile, wordsOf } from '../launch/resolve';

/** What a session of ours is about, kept in its configuration under {@link aboutKey}. */
export interface About {
  /** id of the run */
  run: string;
  /** the run directory, which a Node run gets only when its session starts */
  directory?: string;
  /** a program of Node, until the editor has put in the variables of its configuration */
  launch?: DebugOptions;
  /** a session of one member, by its pid */
  pid?: number;
  /** the member, where it was known when the session began */
  member?: string;
}

export const aboutKey = '__procession';

/** What a session is about: told by its own configuration or by that of the session it was started under. */
export function aboutOf(session: DebugSession): About | undefined {
  for (let at: DebugSession | undefined = session; at; at = at.parentSession) {
    const about = at.configuration[aboutKey] as About | undefined;
    if (about) return at === session ? about : { run: about.run, ...(about.pid !== undefined && session.parentSession === at && at.configuration.request === 'attach' ? { pid: about.pid } : {}) };
  }
  return undefined;
}

/** Which children of a debugged program get a session. */
export interface ChildPolicy {
  children: 'all' | 'match' | 'onDemand' | 'none';
  filter: ChildFilter;
  /** how many sessions open by themselves */
  most: number;
}

export interface ChildFilter {
  /** glob: `*` and `?` */
  name?: string;
  /** glob: Python's target function, with or without its class or module; the end of the path of Node's script */
  target?: string;
  /** a part of the command line */
  argv?: string;
  /** the n-th child of its parent, from 0 */
  index?: number;
  /** 1: children of the root */
  depth?: number;
  /** as the environment of MPI, torchrun or Slurm tells it, where it is not its parent's */
  rank?: number;
}

export type DebugOptions = LaunchOptions & {
  debugChildren?: ChildPolicy['children'];
  childFilter?: ChildFilter;
  maxDebugSessions?: number;
  subProcess?: boolean;
  autoAttachChildProcesses?: boolean;
  code?: string | string[];
  redirectOutput?: boolean;
  outputCapture?: 'console' | 'std';
  noDebug?: boolean;
};

/** Whether the debugger looks at every new child. */
export const followsChildren = ({ children }: ChildPolicy): boolean => children === 'all' || children === 'match';

/** The keys that are ours: the language's own debugger must not see them. */
export const ownKeys = ['debugChildren', 'childFilter', 'maxDebugSessions', 'stopSignals', 'stopTimeout', 'command', 'debugAs', aboutKey] as const;

/** What the configuration says of children; `subProcess` and `autoAttachChildProcesses` are debugpy's and js-debug's words for it. */
export function policyOf(options: DebugOptions): ChildPolicy {
  const alias = options.subProcess ?? options.autoAttachChildProcesses;
  const children = options.debugChildren ?? (alias === undefined ? 'onDemand' : alias ? 'all' : 'none');
  return { children, filter: options.childFilter ?? {}, most: options.maxDebugSessions ?? 8 };
}

const pythonOnly = ['module', 'python', 'pythonArgs', 'justMyCode', 'django', 'jinja', 'code'];
const nodeOnly = ['runtimeExecutable', 'runtimeArgs', 'skipFiles', 'outFiles'];

/** Which debugger a configuration needs; undefined when its program is neither Python's nor Node's. `file` is the active editor's. */
export function runtimeOf(options: DebugOptions, file?: string): 'python' | 'node' | undefined {
  const has = (key: string): boolean => (options as Record<string, unknown>)[key] !== undefined;
  const program = options.program === '${file}' ? file : options.program;
  const byFile = program === undefined ? undefined : runtimeOfFile(program);
  if (has('command')) return runtimeOfCommand(options.command);
  if (byFile !== undefined && !has('python') && !has('runtimeExecutable')) return byFile;
  return pythonOnly.some(has) ? 'python' : nodeOnly.some(has) ? 'node' : byFile;
}

function runtimeOfCommand(command: DebugOptions['command']): 'python' | 'node' | undefined {
  const [program = ''] = commandToArgv(command ?? [], process.env);
  const name = baseName(program).replace(/\.(exe|cmd)$/i, '');
  if (/^python[\d.]*$/.test(name)) return 'python';
  return /^(node|npm|npx|yarn|pnpm|tsx)$/.test(name) ? 'node' : undefined;
}

/** Names of the editor's own variables in a launch configuration: what they stand for is put in after a command line was read. */
const editorVariable = /:|^(workspaceFolder|workspaceRoot|file|relativeFile)\w*$|^(cwd|execPath|lineNumber|columnNumber|selectedText|pathSeparator|userHome|defaultBuildTask)$|^\/$/;

/** The environment for the variables of a command line; the editor's own stay as they are written. */
const lookup = new Proxy(process.env, {
  get: (env, name: string) => env[name] ?? (editorVariable.test(name) ? `\${${name}}` : undefined),
});

/** Options of Python whose value is a word of its own (python(1)). */
const pythonValued = /^(-[WX]|--check-hash-based-pycs)$/;

/**
 * A command line as the keys of the language's debugger: Node's takes any program, Python's a script or a module.
 * Undefined when it can't be said in them.
 */
export function fromCommand(options: DebugOptions, runtime: 'python' | 'node'): DebugOptions | undefined {
  const { command, ...rest } = options;
  if (command === undefined) return options;
  const [program = '', ...words] = commandToArgv(command, lookup);
  const args = [...words, ...wordsOf(options.args, lookup)];
  if (runtime === 'node') return { ...rest, runtimeExecutable: program, runtimeArgs: args, args: [] };
  let at = 0;
  while (at < args.length && args[at]?.startsWith('-') && args[at] !== '-m' && args[at] !== '-c') at += pythonValued.test(args[at] ?? '') ? 2 : 1;
  const word = args[at];
  if (word === undefined || word === '-c') return undefined;
  const python = { ...rest, python: program, pythonArgs: args.slice(0, at) };
  return word === '-m' ? { ...python, module: args[at + 1] ?? '', args: args.slice(at + 2) } : { ...python, program: word, args: args.slice(at + 1) };
}

import { scriptOf } from '../../core/interpreters';
import type { Member } from '../../core/members';
import { baseName } from '../../core/paths';
import { globPattern } from '../filter';

/**
 * Breakpoints that only some processes of a run stop at. VS Code's breakpoints are the same for all sessions, so the scope is
 * a condition, put behind the person's own: what Debug Console could evaluate, the breakpoint can. It begins with a text that says
 * what it is, and that it is found again by: the condition is all that outlasts the window.
 */
export type Scope =
  | { kind: 'process'; self: Self; name: string }
  | { kind: 'pid'; pid: number }
  | { kind: 'names'; glob: string }
  | { kind: 'first'; file: string };

/** What a process knows of itself, and what its counterpart in the next run is known by. */
export interface Self {
  /** Python's name of the process, the number of a worker of cluster, else the script */
  name: string;
  /** where several have that name */
  rank?: number;
  args?: readonly string[];
}

export type Language = 'python' | 'node';

/** What a condition says of its scope. */
export interface Scoped {
  /** the condition of the person's own */
  own: string | undefined;
  /** what it is scoped to */
  words: string;
  /** where the first that arrives leaves its pid */
  file: string | undefined;
  /** the one process that it is for, which no other run has */
  pid: number | undefined;
}

const text = (value: unknown): string => JSON.stringify(value);

/** A module of Node, also before 20.16, which has no `process.getBuiltinModule`. */
const builtin = (name: string): string => `(process.getBuiltinModule?.('${name}') ?? process.mainModule?.require('${name}'))`;

const rankVariables = ['RANK', 'OMPI_COMM_WORLD_RANK', 'PMI_RANK', 'SLURM_PROCID'];

/** Asks a process for what {@link selfOf} knows of it from outside. */
function isSelf({ name, rank, args }: Self, language: Language): string {
  const list = text(args ?? []);
  return (language === 'python' ? [
    `(lambda name, env: env.get('PYTEST_XDIST_WORKER', name) if name == 'MainProcess' else name)(__import__('multiprocessing').current_process().name, __import__('os').environ) == ${text(name)}`,
    ...(rank === undefined ? [] : [`next(filter(None, map(__import__('os').environ.get, ${text(rankVariables)})), None) == '${rank}'`]),
    ...(args === undefined ? [] : [`__import__('sys').argv[1:] == ${list}`]),
  ] : [
    `((id) => id === undefined ? process.argv[1]?.split(/[\\\\/]/).pop() : 'worker ' + id)(${builtin('cluster')}?.worker?.id) === ${text(name)}`,
    ...(rank === undefined ? [] : [`${text(rankVariables)}.map((name) => process.env[name]).find(Boolean) === '${rank}'`]),
    ...(args === undefined ? [] : [`JSON.stringify(process.argv.slice(2)) === ${text(list)}`]),
  ]).join(language === 'python' ? ' and ' : ' && ');
}

const forked = /^(fork|spawn|forkserver)$/;

/** The name that a process knows itself by, as far as its members' facts tell; undefined where they do not. */
function nameOf({ runtime, name, startMethod, argv }: Member): string | undefined {
  if (runtime === 'python') return forked.test(startMethod) || /^gw\d+$/.test(name) ? name : 'MainProcess';
  if (runtime !== 'node') return undefined;
  const script = scriptOf(argv);
  return /^worker \d+$/.test(name) ? name : script && baseName(script);
}

/** The arguments of a script or module; undefined where a debugger has put its own before them. */
function argsOf({ argv }: Member): string[] | undefined {
  if (argv.some((word) => word.includes('debugpy'))) return undefined;
  const script = scriptOf(argv);
  return argv.slice((script === undefined ? argv.findIndex((word) => /^-[a-zA-Z]*[mc]$/.test(word)) + 1 : argv.indexOf(script)) + 1);
}

/** The scope for one member of a run: what is its own, so that it holds in the next run too, else its pid. */
export function scopeOf(member: Member, members: readonly Member[]): Scope {
  const name = nameOf(member);
  const others = members.filter((one) => one.id !== member.id && one.runtime === member.runtime && one.role !== 'helper' && nameOf(one) === name);
  const scope = (self: Self, words = member.name): Scope => ({ kind: 'process', self, name: words });
  if (name === undefined) return { kind: 'pid', pid: member.pid };
  if (others.length === 0) return scope({ name });
  const { rank } = member;
  if (rank !== null && others.every((one) => one.rank !== rank)) return scope({ name, rank }, `rank ${rank}`);
  const args = argsOf(member);
  if (args?.length && others.every((one) => text(argsOf(one)) !== text(args))) return scope({ name, args }, [member.name, ...args].join(' '));
  return { kind: 'pid', pid: member.pid };
}

/** Parts of the first expression; {@link fileIn} finds them again. */
const before = { python: '(lambda os, path, me: ', node: '((fs, p, me) => ' } as const;

function test(scope: Scope, language: Language): string {
  if (language === 'python') {
    switch (scope.kind) {
      case 'process': return isSelf(scope.self, language);
      case 'pid': return `__import__('os').getpid() == ${scope.pid}`;
      case 'names': return `__import__('fnmatch').fnmatchcase(__import__('multiprocessing').current_process().name, ${text(scope.glob)})`;
      // Each that arrives writes its pid at the end of a file, in one write; whose is the first line was the first.
      case 'first': return `${before.python}[os.path.exists(path) or open(path, 'a').write(me + '\\n'), open(path).readline().strip() == me][1])(__import__('os'), ${text(scope.file)}, str(__import__('os').getpid()))`;
    }
  }
  switch (scope.kind) {
    case 'process': return isSelf(scope.self, language);
    case 'pid': return `process.pid === ${scope.pid}`;
    // As the tree calls it: a worker of cluster by its number, others by their title or script.
    case 'names': return `[process.title, ...process.argv.slice(1).map((word) => word.split('/').pop()), \`worker \${${builtin('cluster')}?.worker?.id}\`].some((name) => ${pattern(scope.glob)}.test(name))`;
    case 'first': return `${before.node}{ try { fs.writeFileSync(p, me, { flag: 'wx' }); } catch {} return fs.readFileSync(p, 'utf8') === me; })(${builtin('fs')}, ${text(scope.file)}, String(process.pid))`;
  }
}

const pattern = (glob: string): string => `/${globPattern(glob).replaceAll('/', '\\/')}/`;

/** A scope as a person reads it. */
function wordsOf(scope: Scope): string {
  switch (scope.kind) {
    case 'process': return scope.name;
    case 'pid': return `the process ${scope.pid} of this run`;
    case 'names': return `processes named ${scope.glob}`;
    case 'first': return 'the first process that arrives';
  }
}

/** The condition of a breakpoint that has a scope, and one of the person's own. */
export function scopedCondition(scope: Scope, own: string | undefined, language: Language): string {
  const and = language === 'python' ? 'and' : '&&';
  return `${own ? `(${own}) ${and} ` : ''}${text(`only in ${wordsOf(scope)}`)} ${and} ${test(scope, language)}`;
}

const shape = /^(?:\((?<own>.*)\) (?:and|&&) )?"only in (?<words>(?:[^"\\]|\\.)*)" (?:and|&&) (?<test>.*)$/s;

/** The scope that a condition holds; undefined where it holds none. */
export function scopeIn(condition: string | undefined): Scoped | undefined {
  const { own, words, test: expression } = shape.exec(condition ?? '')?.groups ?? {};
  if (words === undefined || expression === undefined) return undefined;
  const pid = /^(?:__import__\('os'\)\.getpid\(\) == |process\.pid === )(\d+)$/.exec(expression)?.[1];
  return { own, words: JSON.parse(`"${words}"`) as string, file: fileIn(expression), pid: pid === undefined ? undefined : Number(pid) };
}

function fileIn(expression: string): string | undefined {
  if (!Object.values(before).some((start) => expression.startsWith(start))) return undefined;
  const [file] = /"(?:[^"\\]|\\.)*"(?=, (?:str|String)\()/.exec(expression) ?? [];
  return file === undefined ? undefined : (JSON.parse(file) as string);
}

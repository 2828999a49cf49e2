import { globPattern } from './filter';

/**
 * Breakpoints that only some processes of a run stop at. VS Code's breakpoints are the same for all sessions, so the scope is
 * a condition, put behind the person's own: what Debug Console could evaluate, the breakpoint can. It begins with a text that says
 * what it is, and that it is found again by: the condition is all that outlasts the window.
 */
export type Scope = { kind: 'pid'; pid: number } | { kind: 'names'; glob: string } | { kind: 'first'; file: string };

export type Language = 'python' | 'node';

/** What a condition says of its scope. */
export interface Scoped {
  /** the condition of the person's own */
  own: string | undefined;
  /** what it is scoped to */
  words: string;
  /** where the first that arrives leaves its pid */
  file: string | undefined;
}

const text = (value: string): string => JSON.stringify(value);

/** A module of Node, also before 20.16, which has no `process.getBuiltinModule`. */
const builtin = (name: string): string => `(process.getBuiltinModule?.('${name}') ?? process.mainModule?.require('${name}'))`;

/** Parts of the first expression; {@link fileIn} finds them again. */
const before = { python: '(lambda os, path, me: ', node: '((fs, p, me) => ' } as const;

function test(scope: Scope, language: Language): string {
  if (language === 'python') {
    switch (scope.kind) {
      case 'pid': return `__import__('os').getpid() == ${scope.pid}`;
      case 'names': return `__import__('fnmatch').fnmatchcase(__import__('multiprocessing').current_process().name, ${text(scope.glob)})`;
      // Each that arrives writes its pid at the end of a file, in one write; whose is the first line was the first.
      case 'first': return `${before.python}[os.path.exists(path) or open(path, 'a').write(me + '\\n'), open(path).readline().strip() == me][1])(__import__('os'), ${text(scope.file)}, str(__import__('os').getpid()))`;
    }
  }
  switch (scope.kind) {
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
    case 'pid': return `the process ${scope.pid}`;
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
  return { own, words: JSON.parse(`"${words}"`) as string, file: fileIn(expression) };
}

function fileIn(expression: string): string | undefined {
  if (!Object.values(before).some((start) => expression.startsWith(start))) return undefined;
  const [file] = /"(?:[^"\\]|\\.)*"(?=, (?:str|String)\()/.exec(expression) ?? [];
  return file === undefined ? undefined : (JSON.parse(file) as string);
}

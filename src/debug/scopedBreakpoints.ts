import * as vscode from 'vscode';
import { HumanError } from '../core/errors';
import { runtimeOfFile } from '../launch/resolve';

/**
 * Breakpoints that only some processes of a run stop at. VS Code's breakpoints are the same for all sessions, so the scope is
 * a condition, put before the person's own: what Debug Console could evaluate, the breakpoint can.
 */
export type Scope = { kind: 'pid'; pid: number } | { kind: 'names'; glob: string } | { kind: 'first' };

const text = (value: string): string => JSON.stringify(value);

/** A condition in the language of a file. The comment or string in it is what it is found again by. */
function conditionOf(scope: Scope, language: 'python' | 'node', id: string): string {
  if (language === 'python') {
    switch (scope.kind) {
      case 'pid': return `__import__('os').getpid() == ${scope.pid}`;
      case 'names': return `__import__('fnmatch').fnmatchcase(__import__('multiprocessing').current_process().name, ${text(scope.glob)})`;
      // Each that arrives writes its pid at the end of a file, in one write; whose is the first line was the first.
      case 'first': return `(lambda os, path, me: [os.path.exists(path) or open(path, 'a').write(me + '\\n'), open(path).readline().strip() == me][1])(__import__('os'), ${text(id)}, str(__import__('os').getpid()))`;
    }
  }
  switch (scope.kind) {
    case 'pid': return `process.pid === ${scope.pid}`;
    case 'names': return `${pattern(scope.glob)}.test(process.title + ' ' + process.argv.slice(1).map((word) => word.split('/').pop()).join(' '))`;
    case 'first': return `((fs, p, me) => { try { fs.writeFileSync(p, me, { flag: 'wx' }); } catch {} return fs.readFileSync(p, 'utf8') === me; })(process.getBuiltinModule('fs'), ${text(id)}, String(process.pid))`;
  }
}

const pattern = (glob: string): string => `/(^|\\s)${glob.replaceAll(/[.+^${}()|[\]\\/]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')}(\\s|$)/`;

interface Scoped {
  /** the condition of the person's own */
  original: string | undefined;
  /** what it is scoped to */
  words: string;
}

/** A scope as a person reads it. */
function wordsOf(scope: Scope): string {
  switch (scope.kind) {
    case 'pid': return `the process ${scope.pid}`;
    case 'names': return `processes named ${scope.glob}`;
    case 'first': return 'the first process that arrives';
  }
}

function languageOf(uri: vscode.Uri): 'python' | 'node' {
  const language = runtimeOfFile(uri.fsPath);
  if (!language) throw new HumanError('Breakpoints can be scoped in Python and Node files only.');
  return language;
}

const isAt = (one: vscode.Breakpoint, uri: vscode.Uri): one is vscode.SourceBreakpoint => one instanceof vscode.SourceBreakpoint && one.location.uri.toString() === uri.toString();

const joined = (scope: string, own: string | undefined, language: 'python' | 'node'): string => (own ? (language === 'python' ? `(${scope}) and (${own})` : `(${scope}) && (${own})`) : scope);

/** Gives breakpoints a scope and takes it away again. */
export class ScopedBreakpoints implements vscode.Disposable {
  /** by the whole condition of the breakpoint */
  readonly #known = new Map<string, Scoped>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscription = vscode.debug.onDidChangeBreakpoints(() => this.#changed.fire());

  /** A breakpoint or its scope has changed. */
  readonly onDidChange = this.#changed.event;

  /** The scoped breakpoints of a file where they stand now: they move with the text, and a person may take the condition away. */
  of(uri: vscode.Uri): { line: number; words: string }[] {
    return vscode.debug.breakpoints.flatMap((one) => {
      const found = isAt(one, uri) ? this.#scopeOf(one) : undefined;
      return found && isAt(one, uri) ? [{ line: one.location.range.start.line, words: found.words }] : [];
    });
  }

  /** The scope is found by the condition: a line number would not outlast an edit above. */
  #scopeOf({ condition }: vscode.SourceBreakpoint): Scoped | undefined {
    return condition === undefined ? undefined : this.#known.get(condition);
  }

  /** Scopes the breakpoint of a line, which is set if there is none. `place` is a folder for the file that `first` needs. */
  set(uri: vscode.Uri, line: number, scope: Scope | undefined, place: string): void {
    const language = languageOf(uri);
    const there = vscode.debug.breakpoints.find((one): one is vscode.SourceBreakpoint => isAt(one, uri) && one.location.range.start.line === line);
    const known = there && this.#scopeOf(there);
    const own = known ? known.original : there?.condition;
    const wanted = scope && conditionOf(scope, language, `${place}/procession-first-${Date.now().toString(36)}`);
    const condition = wanted === undefined ? own : joined(wanted, own, language);
    if (there) vscode.debug.removeBreakpoints([there]);
    vscode.debug.addBreakpoints([new vscode.SourceBreakpoint(new vscode.Location(uri, new vscode.Position(line, 0)), there?.enabled ?? true, condition, there?.hitCondition, there?.logMessage)]);
    if (scope && condition !== undefined) this.#known.set(condition, { original: own, words: wordsOf(scope) });
    this.#changed.fire();
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}

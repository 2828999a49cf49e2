import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { HumanError } from '../../core/errors';
import { runtimeOfFile } from '../../launch/resolve';
import { scopedCondition, scopeIn, type Language, type Scope } from './scopes';

function languageOf(uri: vscode.Uri): Language {
  const language = runtimeOfFile(uri.fsPath);
  if (!language) throw new HumanError('Breakpoints can be scoped in Python and Node files only.');
  return language;
}

const isAt = (one: vscode.Breakpoint, uri: vscode.Uri): one is vscode.SourceBreakpoint => one instanceof vscode.SourceBreakpoint && one.location.uri.toString() === uri.toString();

/** A file for the first that arrives, in a folder of its own that nobody else may write to. */
const newFile = (): string => join(tmpdir(), `procession-first-${randomBytes(9).toString('hex')}`, 'pid');

/** Gives breakpoints a scope and takes it away again. */
export class ScopedBreakpoints implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscription = vscode.debug.onDidChangeBreakpoints(({ removed }) => {
    for (const file of filesOf(removed)) rmSync(dirname(file), { recursive: true, force: true });
    this.#changed.fire();
  });

  /** A breakpoint or its scope has changed. */
  readonly onDidChange = this.#changed.event;

  /** The scoped breakpoints of a file where they stand now: they move with the text, and a person may take the condition away. */
  of(uri: vscode.Uri): { line: number; words: string }[] {
    return vscode.debug.breakpoints.flatMap((one) => {
      const found = isAt(one, uri) ? scopeIn(one.condition) : undefined;
      return found && isAt(one, uri) ? [{ line: one.location.range.start.line, words: found.words }] : [];
    });
  }

  /** Scopes the breakpoint of a line, which is set if there is none; without a scope, it is one for all again. */
  set(uri: vscode.Uri, line: number, wanted: Exclude<Scope, { kind: 'first' }> | { kind: 'first' } | undefined): void {
    const language = languageOf(uri);
    const there = vscode.debug.breakpoints.find((one): one is vscode.SourceBreakpoint => isAt(one, uri) && one.location.range.start.line === line);
    const known = scopeIn(there?.condition);
    const own = known ? known.own : there?.condition;
    const scope = wanted?.kind === 'first' ? { kind: wanted.kind, file: newFile() } : wanted;
    if (scope?.kind === 'first') arm(scope.file);
    const condition = scope ? scopedCondition(scope, own, language) : own;
    if (there) vscode.debug.removeBreakpoints([there]);
    vscode.debug.addBreakpoints([new vscode.SourceBreakpoint(new vscode.Location(uri, new vscode.Position(line, 0)), there?.enabled ?? true, condition, there?.hitCondition, there?.logMessage)]);
    this.#changed.fire();
  }

  /** A run begins: nobody has arrived yet. */
  rearm(): void {
    for (const file of filesOf(vscode.debug.breakpoints)) arm(file);
  }

  /** Whether a breakpoint is for a process by its pid: what is known of the runs has to be looked at then. */
  get hasPid(): boolean {
    return vscode.debug.breakpoints.some(({ condition }) => scopeIn(condition)?.pid !== undefined);
  }

  /** Takes the scope off breakpoints whose process belongs to no run that is on, and tells the person: they would never stop anybody again. */
  clear(isOfLiveRun: (pid: number) => boolean): void {
    for (const one of vscode.debug.breakpoints) {
      const scope = scopeIn(one.condition);
      if (!(one instanceof vscode.SourceBreakpoint) || scope?.pid === undefined || isOfLiveRun(scope.pid)) continue;
      const everywhere = replaced(one, one.enabled, scope.own);
      vscode.debug.removeBreakpoints([one]);
      vscode.debug.addBreakpoints([everywhere]);
      void this.#tellCleared(everywhere, scope.pid);
    }
    this.#changed.fire();
  }

  async #tellCleared(breakpoint: vscode.SourceBreakpoint, pid: number): Promise<void> {
    const { uri, range } = breakpoint.location;
    const answer = await vscode.window.showInformationMessage(`The breakpoint at ${basename(uri.fsPath)}:${range.start.line + 1} was for the process ${pid} alone, whose run has ended. It stops every process now.`, 'Disable It', 'Show');
    if (answer === 'Show') await vscode.window.showTextDocument(uri, { selection: range, preview: true });
    if (answer !== 'Disable It') return;
    vscode.debug.removeBreakpoints([breakpoint]);
    vscode.debug.addBreakpoints([replaced(breakpoint, false, breakpoint.condition)]);
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}

/** A breakpoint can't be changed: another takes its place. */
const replaced = ({ location, hitCondition, logMessage }: vscode.SourceBreakpoint, enabled: boolean, condition: string | undefined): vscode.SourceBreakpoint =>
  new vscode.SourceBreakpoint(location, enabled, condition, hitCondition, logMessage);

/** Whether a condition, which a person may have written or pasted, names a file that {@link newFile} has named. */
const isOurs = (file: string): boolean => /[\\/]procession-first-[0-9a-f]{18}[\\/]pid$/.test(file);

const filesOf = (breakpoints: readonly vscode.Breakpoint[]): string[] => breakpoints.flatMap(({ condition }) => scopeIn(condition)?.file ?? []).filter(isOurs);

/** The folder may be gone since the machine was started; the file is of somebody who arrived in the run before. */
function arm(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  rmSync(file, { force: true });
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { commandLine } from '../launch/launchSpecFile';
import { placeOf, type Keep } from '../observe/record/archive';

/** What is kept of runs that have ended, and where; the work with so many files is a process's of its own. */
export class Archive {
  #last: Promise<unknown> = Promise.resolve();

  /** `dist` is the folder of the built product, `folder` where the records are kept. */
  constructor(private readonly dist: string, private readonly folder: string) {}

  /** Where the record of a run lies, or is to lie. */
  placeOf(run: string): string {
    return placeOf(run, this.folder);
  }

  holds(run: string): boolean {
    return run.startsWith(join(this.folder, '/'));
  }

  /** Calls back when a record was put into the archive or removed from it, by whomever; undefined where the system can't tell. */
  watch(changed: () => void): vscode.Disposable | undefined {
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      const watcher = watch(this.folder, { persistent: false }, changed);
      watcher.on('error', () => watcher.close());
      return new vscode.Disposable(() => watcher.close());
    } catch {
      return undefined;
    }
  }

  /** Moves a run that has ended into the archive. Resolves with its place, undefined where that could not be done. */
  async take(run: string): Promise<string | undefined> {
    await this.#tidy([run]);
    return existsSync(this.placeOf(run)) ? this.placeOf(run) : undefined;
  }

  /** Removes what is kept of old runs beyond what the person wants. */
  async prune(): Promise<void> {
    await this.#tidy([]);
  }

  /** One after the other: they count the same files. */
  #tidy(runs: string[]): Promise<unknown> {
    return (this.#last = this.#last.then(() => this.#run(runs), () => this.#run(runs)));
  }

  async #run(runs: string[]): Promise<void> {
    const keep = { ...defaults, ...vscode.workspace.getConfiguration('procession').get<Partial<Keep>>('keepRuns') };
    const limits = (['runs', 'megabytes', 'days'] as const).flatMap((name) => [`--${name}`, String(keep[name])]);
    const { file, args, env } = commandLine(join(this.dist, 'cli.js'), ['archive', '--to', this.folder, ...limits, ...runs]);
    // It comes to its end even where the window is closed meanwhile.
    const child = spawn(file, args, { env: { ...process.env, ...env }, detached: true, stdio: 'ignore', windowsHide: true });
    child.unref();
    await once(child, 'exit');
  }
}

const defaults: Keep = { runs: 50, megabytes: 200, days: 14 };

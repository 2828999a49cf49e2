import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { installProbes, observedEnvironment } from '../../../src/launch/environment';
import { ownRef } from '../../../src/launch/launcher';
import { createRunDirectory, eventsOf } from '../../../src/observe/record/runDirectory';
import type { Variant } from './alternate';
import { builtCommandLine } from './product';

/** A new folder in memory where there is such a file system, as for live runs. The caller removes it. */
export const memoryFolder = (): string => mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'procession-bench-'));

/** What a program would meet in a plain terminal: nothing of npm, and no probe that is there already. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|PYTHON(?!_ROOT)|PROCESSION)/.test(name)));
}

/** A run directory, and programs with and without the probes that write into it. */
export class ProbedRun {
  readonly #folder = memoryFolder();
  readonly #run = join(this.#folder, 'run');
  readonly #bare = plainEnvironment();
  readonly #observed: NodeJS.ProcessEnv;

  constructor() {
    createRunDirectory(this.#run);
    const probes = installProbes(join(dirname(builtCommandLine()), 'probes'));
    this.#observed = observedEnvironment(this.#bare, { run: this.#run, probes, ancestor: ownRef(), keepOutput: false });
  }

  /** The same command bare, and with the probes. */
  variants(...argv: string[]): [Variant, Variant] {
    return [{ argv, env: this.#bare }, { argv, env: this.#observed, clear: eventsOf(this.#run) }];
  }

  /** A file for a program, removed with everything else. */
  file(name: string): string {
    return join(this.#folder, name);
  }

  end(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

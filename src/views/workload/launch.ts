import { spawn } from 'node:child_process';
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { HumanError } from '../../core/errors';
import { commandLine } from '../../launch/launchSpecFile';
import { shellEnvironment, withPackages, type Surroundings } from '../../launch/shell';
import { eventsOf, newRunId } from '../../observe/record/runDirectory';
import { readProgress, runsOf } from '../../workload/journal/folders';

/** What starts `procession map` as a process of its own, which outlives the window. */
export interface MapCall {
  /** our command line's file */
  cli: string;
  file: string;
  directory: string;
  env: NodeJS.ProcessEnv;
  args: string[];
}

/** The environment of `procession map` when a window starts it for a workload in `directory`: what the workers run is found as in the person's shell there. */
export const mapEnvironment = (directory: string, workspace: string, around: Surroundings): NodeJS.ProcessEnv => ({
  ...withPackages(shellEnvironment(directory, around), directory), PROCESSION_WORKSPACE: workspace, ...(around.chosenPython === undefined ? {} : { PROCESSION_PYTHON: around.chosenPython }),
});

/** A file that holds what the runner writes to stderr, kept open and without a name. */
function openErrors(id: string): { descriptor: number; text: () => string } {
  const path = join(tmpdir(), `procession-${id}.log`);
  const descriptor = openSync(path, 'wx+', 0o600);
  rmSync(path, { force: true });
  return {
    descriptor,
    text: () => {
      const bytes = Buffer.alloc(Math.min(fstatSync(descriptor).size, 65_536));
      readSync(descriptor, bytes, 0, bytes.length, 0);
      return bytes.toString();
    },
  };
}

const hasRunner = (run: string, pid: number): boolean => existsSync(eventsOf(run)) && readdirSync(eventsOf(run)).some((name) => name.startsWith(`runner-${pid}.`))
  && readProgress(run)?.runner.startsWith(`${pid}.`) === true;

/**
 * Starts a workload, in a new run directory or, with `resumed`, in one that has a journal. Resolves with the directory
 * once its files are there. Throws {@link HumanError} with the runner's own words when it can't be run.
 */
export async function startMap(call: MapCall, resumed?: string): Promise<string> {
  const id = newRunId(Date.now());
  const { env } = call;
  const run = resumed ?? join(runsOf(call.file, env), id);
  const errors = openErrors(id);
  const { file, args, env: own } = commandLine(call.cli, ['map', call.file, '--no-print', '--run', run, ...call.args]);
  let stopListening = (): unknown => undefined;
  try {
    const child = spawn(file, args, { cwd: call.directory, env: { ...env, ...own }, detached: true, windowsHide: true, stdio: ['ignore', 'ignore', errors.descriptor] });
    let ended: string | undefined;
    child.on('error', (error) => (ended = error.message));
    child.on('exit', () => (ended ??= errors.text()));
    child.unref();
    stopListening = () => child.removeAllListeners();
    // A long journal is read first, which may take its time: as long as the runner lives, it is coming.
    for (;;) {
      if (child.pid !== undefined && hasRunner(run, child.pid)) return run;
      if (ended !== undefined) throw new HumanError(ended.replace(/^procession: /gm, '').trim() || 'The workload ended before it began. Start it on the command line to see why: procession map FILE.');
      await new Promise((done) => setTimeout(done, 20));
    }
  } finally {
    stopListening();
    closeSync(errors.descriptor);
  }
}

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { HumanError } from '../../core/errors';
import { findProgram, pythonFor } from '../../launch/shell';
import { logOf, outputOf, slotOf } from '../protocol';
import { Template } from '../file/template';
import { launcherOf } from './ranks';
import { areNames, takesKeywords, type Run, type Workload } from '../workload';
import type { WorkerLaunch } from './workerProcess';

/** What the command line and a window hand the runner beside the workload. */
export interface Surroundings {
  run: string;
  /** of the workers: the person's own, observed or not */
  env: NodeJS.ProcessEnv;
  /** the folder with the workers' code: `python/` and `worker.mjs` */
  workers: string;
  /** told what a person may not expect of their command */
  notice?: (text: string) => void;
}

/** How the workers of a workload are started, and what they get for a row. */
export interface Plan {
  launch: (worker: number) => WorkerLaunch;
  /** undefined: the row itself */
  toMessage: ((row: string, index: number) => string) | undefined;
  ownProcesses: boolean;
  /** hash of the code that runs */
  code: string;
}

/** The interpreter named, else the one that the folder has: see {@link pythonFor}. `PROCESSION_PYTHON` is what the editor has chosen. */
function pythonOf(run: { interpreter?: string }, directory: string, env: NodeJS.ProcessEnv): string | undefined {
  return run.interpreter ?? pythonFor(directory, { folders: [directory], env, chosenPython: env.PROCESSION_PYTHON }, env);
}

/** The Node named, the one on PATH, or the one that runs this. */
export const nodeOf = (run: { interpreter?: string }, env: NodeJS.ProcessEnv): string => run.interpreter ?? findProgram('node', '/', env) ?? process.execPath;

const threadVariables = ['OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'NUMEXPR_NUM_THREADS', 'VECLIB_MAXIMUM_THREADS'];

/** Libraries that start a thread a core would run workers × cores threads; what the person set stays. */
function withThreads(env: NodeJS.ProcessEnv, threads: number): NodeJS.ProcessEnv {
  return { ...Object.fromEntries(threadVariables.map((name) => [name, String(threads)])), ...env };
}

export function planOf(workload: Workload, surroundings: Surroundings, cpus: readonly number[] = []): Plan {
  const { run, directory, isolation, memory, affinity } = workload;
  const env = withThreads(surroundings.env, workload.threadsPerWorker);
  const surrounded = { env, cwd: directory, grace: workload.grace * 1000 };
  const code = codeOf(run, directory);
  const cpuOf = (worker: number): number | undefined => (affinity === 'spread' && cpus.length ? cpus[(worker - 1) % cpus.length] : undefined);
  const common = (worker: number): Record<string, unknown> => ({ directory, slot: slotOf(surroundings.run, worker), log: logOf(surroundings.run, worker), memory: memory.perWorker, cpu: cpuOf(worker) });
  const pythonFolder = join(surroundings.workers, 'python');
  const nodeFile = join(surroundings.workers, 'worker.mjs');
  const pinned = (argv: string[], worker: number): string[] => {
    const cpu = cpuOf(worker);
    return cpu === undefined || process.platform !== 'linux' ? argv : ['taskset', '-c', String(cpu), ...argv];
  };

  if ('python' in run) {
    const python = pythonOf(run, directory, env);
    if (!python) throw new HumanError('No Python is found on PATH. Name one: "interpreter": "/path/to/python3".');
    const dask = workload.engine.kind === 'dask' ? { address: workload.engine.address, workers: workload.workers, grace: workload.grace } : {};
    const mode = workload.engine.kind === 'dask' ? 'dask' : isolation === 'fork' ? 'fork' : 'function';
    return {
      code, toMessage: undefined, ownProcesses: isolation === 'fork',
      launch: (worker) => ({ argv: [python, pythonFolder], ...surrounded, pipe: 'stdio', order: { ...common(worker), ...dask, mode, target: run.python, keywords: takesKeywords(workload), nan: workload.nan } }),
    };
  }
  if ('node' in run) {
    const heap = memory.perWorker === null ? [] : [`--max-old-space-size=${Math.max(16, Math.round(memory.perWorker / 1024 ** 2))}`];
    return {
      code, toMessage: undefined, ownProcesses: false,
      launch: (worker) => ({ argv: pinned([nodeOf(run, env), ...heap, nodeFile], worker), ...surrounded, pipe: 'three', order: { ...common(worker), mode: 'function', target: run.node, nan: workload.nan, names: areNames(workload.over) } }),
    };
  }
  const words = commandOf(run, directory, env);
  const python = pythonOf({}, directory, env);
  return {
    code, ownProcesses: true,
    toMessage: 'ranks' in run ? () => JSON.stringify(words) : filled(words, surroundings.notice),
    // The isolated mode keeps the person's site, and the probe, out of a process that only starts others.
    launch: (worker) => ({
      argv: python ? [python, '-u', '-I', '-S', pythonFolder] : pinned([nodeOf({}, env), nodeFile], worker), ...surrounded, pipe: python ? 'stdio' : 'three',
      order: { ...common(worker), mode: 'command', output: outputOf(surroundings.run, worker) },
    }),
  };
}

/** What a worker gets for a row: the command's words with the row in them. */
function filled(words: string[], notice: Surroundings['notice']): NonNullable<Plan['toMessage']> {
  let template: Template | undefined;
  return (row, index) => {
    if (!template) {
      template = new Template(words, row);
      for (const note of template.notes) notice?.(note);
    }
    return JSON.stringify(template.fill(row, index));
  };
}

function commandOf(run: Exclude<Run, { python: string } | { node: string }>, directory: string, env: NodeJS.ProcessEnv): string[] {
  if ('command' in run) return run.command;
  if ('ranks' in run) return launcherOf(run, env);
  const file = resolve(directory, run.script);
  if (!existsSync(file)) throw new HumanError(`There is no script ${file}.`);
  const args = run.args?.length ? run.args : ['{}'];
  const python = pythonOf(run, directory, env);
  switch (extname(file)) {
    case '.py': return [python ?? 'python3', file, ...args];
    case '.js': case '.mjs': case '.cjs': return [nodeOf(run, env), file, ...args];
    case '.sh': return [run.interpreter ?? 'sh', file, ...args];
    default: return [...(run.interpreter === undefined ? [] : [run.interpreter]), file, ...args];
  }
}

/** The file that a module name means, where it lies below the directory: code of installed packages is not looked at. */
function moduleFile(name: string, directory: string): string | undefined {
  const path = join(directory, ...name.split('.'));
  return [`${path}.py`, join(path, '__init__.py')].find((file) => existsSync(file));
}

/** Hash of what runs: the words of `run` and the content of the file that they name. */
function codeOf(run: Run, directory: string): string {
  const hash = createHash('sha256').update(JSON.stringify(run));
  const target = 'python' in run ? run.python : 'node' in run ? run.node : 'script' in run ? `${run.script}:` : undefined;
  const place = target?.slice(0, target.lastIndexOf(':'));
  const file = place === undefined ? undefined : /\.\w+$/.test(place) && existsSync(resolve(directory, place)) ? resolve(directory, place) : moduleFile(place, directory);
  if (file !== undefined) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

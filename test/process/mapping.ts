import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { isSame } from '../../src/observe/system/identity';
import { readJournal } from '../../src/workload/journal/journal';
import { journalOf, type DoneLine, type FailLine, type JournalLine, type Progress } from '../../src/workload/protocol';
import { listRunsOf, readProgress } from '../../src/workload/journal/folders';

/** The command line's `map` as a program, and folders to run it in. */

const repository = resolve(import.meta.dirname, '../..');

export interface Ended {
  status: number | null;
  signal: string | null;
  out: string;
  err: string;
  /** lines of stdout, parsed */
  results: { index: number; row: unknown; status: string; value?: unknown; error?: { type: string; message: string; file?: string; line?: number; traceback?: string } }[];
}

/** A folder with a user's files, its own state, and the runner built for it. Remove it with {@link close}. */
export class Ground {
  readonly folder = mkdtempSync(join(tmpdir(), 'map-'));
  readonly #children = new Set<ChildProcess>();

  static #program: Promise<string> | undefined;

  static program(): Promise<string> {
    return (this.#program ??= buildProgram());
  }

  write(files: Record<string, string>): this {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(this.folder, name), content);
    return this;
  }

  read(name: string): string {
    const path = join(this.folder, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  /** What a program is started with in this folder. */
  get environment(): NodeJS.ProcessEnv {
    return { ...process.env, NODE_OPTIONS: '', XDG_STATE_HOME: join(this.folder, '.state') };
  }

  /** Starts `map` with arguments. */
  async start(args: string[], env: NodeJS.ProcessEnv = {}): Promise<{ child: ChildProcess; ended: Promise<Ended> }> {
    const program = await Ground.program();
    const child = spawn(process.execPath, [program, ...args], { cwd: this.folder, env: { ...this.environment, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#children.add(child);
    const text = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text.out += part));
    child.stderr.setEncoding('utf8').on('data', (part: string) => (text.err += part));
    const ended = new Promise<Ended>((done) => child.on('close', (status, signal) => {
      this.#children.delete(child);
      const whole = text.out.split('\n').slice(0, -1);
      done({ status, signal, ...text, results: whole.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Ended['results'][number]) });
    }));
    return { child, ended };
  }

  async map(...args: string[]): Promise<Ended> {
    const { child, ended } = await this.start(args);
    const limit = setTimeout(() => child.kill('SIGKILL'), 120_000);
    const result = await ended;
    clearTimeout(limit);
    return result;
  }

  /** Writes a workload file and runs it. */
  workload(value: Record<string, unknown>, ...args: string[]): Promise<Ended> {
    this.write({ 'w.workload.json': JSON.stringify(value) });
    return this.map('w.workload.json', ...args);
  }

  /** The run directory whose journal was opened last, whichever workload it belongs to. */
  run(): string {
    const state = join(this.folder, '.state', 'procession', 'workloads');
    const runs = (existsSync(state) ? readdirSync(state) : []).flatMap((name) => listRunsOf(join(state, name)));
    const opened = (run: string): number => statSync(journalOf(run), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return runs.sort((a, b) => opened(a) - opened(b)).at(-1) ?? '';
  }

  progress(): Progress | undefined {
    return readProgress(this.run());
  }

  journal(): JournalLine[] {
    const lines: JournalLine[] = [];
    readJournal(journalOf(this.run()), (line) => lines.push(line));
    return lines;
  }

  tasks(): (DoneLine | FailLine)[] {
    return this.journal().filter((line) => line.e === 'done' || line.e === 'fail');
  }

  /** Processes that the run has started and that are there still. */
  left(): string[] {
    const events = join(this.run(), 'events');
    // A runner that was killed in its first breath has started nothing.
    if (!this.run() || !existsSync(events)) return [];
    return readdirSync(events).flatMap((name) => readFileSync(join(events, name), 'utf8').split('\n').filter(Boolean))
      .map((line) => JSON.parse(line) as { e: string; child?: string }).flatMap(({ e, child }) => (e === 'spawn' && child !== undefined && isSame(child) ? [child] : []));
  }

  close(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

async function buildProgram(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'map-program-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  await build({
    stdin: { contents: programText, resolveDir: repository, loader: 'ts' }, absWorkingDir: repository, bundle: true, platform: 'node', target: 'node20', format: 'cjs',
    outfile: join(folder, 'map.js'), logLevel: 'error', define: { 'import.meta.url': '__url' }, banner: { js: "const __url=require('url').pathToFileURL(__filename).href;" },
  });
  mkdirSync(join(folder, 'probes'));
  cpSync(join(repository, 'src/probes/workers'), join(folder, 'probes', 'workers'), { recursive: true });
  return join(folder, 'map.js');
}

const programText = `
process.argv.splice(2, 0, 'map');
void import('./src/cli/main');
`;

/** Waits until a condition holds. */
export async function until(what: string, holds: () => boolean, limit = 60_000): Promise<void> {
  const end = Date.now() + limit;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`${what}: not within ${limit / 1000} s`);
    await new Promise((next) => setTimeout(next, 20));
  }
}

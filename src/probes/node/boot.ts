import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'fs';
import { Script } from 'vm';
import { quietly } from './quietly';

/**
 * The file that `--require` names: runs the probe proper with what V8 has compiled of it at its first use, which is kept
 * beside this file. Compiling is half of what the probe costs at start-up, and every process of a run pays it.
 */

/** The text of `probe.ts`, put here by the build. Nothing else need be read, which a program may be forbidden to. */
declare const probeSource: string;

/** What the kernel tells of this process: proc_pid_stat(5). */
const readOwnStat = (): string => readFileSync('/proc/self/stat', 'utf8');

/**
 * What V8 compiles fits the very build that did it. It checks its version and its flags itself and refuses what does not
 * fit, but not how it was built: so the size of the program's code (fields 26 and 27, where the kernel tells) is in the name.
 */
function compiledFile(ownStat = ''): string {
  const fields = ownStat.slice(ownStat.lastIndexOf(')') + 2).split(' ');
  const size = Number(fields[24]) - Number(fields[23]) || statSync(process.execPath).size;
  return `${__filename}.${process.version}-${process.arch}-${size}`;
}

/**
 * Of an observed program's main thread alone, started without options: what was compiled with options of V8's the others would
 * refuse, and what counts itself for coverage is not for them.
 */
function isUsual({ PROCESSION = '', NODE_OPTIONS = '', NODE_V8_COVERAGE }: NodeJS.ProcessEnv): boolean {
  return process.execArgv.length === 0 && PROCESSION.startsWith('1|') && !NODE_V8_COVERAGE && /^--require "(\\.|[^"\\])+"$/.test(NODE_OPTIONS);
}

function keep(file: string, compiled: Buffer): void {
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, compiled, { mode: 0o600, flag: 'wx' });
    renameSync(draft, file);
  } catch {
    // Read-only or full: it is compiled every time.
    quietly(() => rmSync(draft, { force: true }));
  }
}

function load(): void {
  const isToBeKept = isUsual(process.env);
  const ownStat = quietly(readOwnStat);
  const file = quietly(() => compiledFile(ownStat));
  const cachedData = file === undefined ? undefined : quietly(() => readFileSync(file));
  // Node's own built-ins are named so in stacks and in coverage, and every report leaves those out.
  const script = new Script(probeSource, { filename: 'node:procession', ...(cachedData ? { cachedData } : {}) });
  (script.runInThisContext() as (...wrapped: unknown[]) => void)(require, module, __filename, ownStat);
  if (isToBeKept && file !== undefined && !cachedData) keep(file, script.createCachedData());
}

/** Other runtimes that honour NODE_OPTIONS, and versions that were never tried, are left alone. */
function isSupported(): boolean {
  const { node, deno, bun, electron } = process.versions as Record<string, string | undefined>;
  return !deno && !bun && !electron && parseInt(node ?? '0', 10) >= 20;
}

if (isSupported()) quietly(load);

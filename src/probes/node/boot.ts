import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'fs';
import { Script } from 'vm';
import { quietly } from './quietly';

/**
 * The file that `--require` names: runs the probe beside it with what V8 has compiled of it at its first use, which is
 * kept beside it too. Compiling is half of what the probe costs at start-up, and every process of a run pays it.
 */

const probe = __filename.replace(/[^/\\]*$/, 'observe.js');

/**
 * What V8 compiles fits the very build that did it. It checks its version and its flags itself and refuses what does not
 * fit, but not how it was built: so the program's size is in the name.
 */
const compiledFile = (): string => `${probe}.${process.version}-${process.arch}-${statSync(process.execPath).size}`;

/** Of an observed program's main thread alone, started without options: what was compiled with options of V8's the others would refuse. */
function isUsual({ PROCESSION = '', NODE_OPTIONS = '' }: NodeJS.ProcessEnv): boolean {
  return process.execArgv.length === 0 && PROCESSION.startsWith('1|') && /^--require "(\\.|[^"\\])+"$/.test(NODE_OPTIONS);
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
  const file = quietly(compiledFile);
  const cachedData = file === undefined ? undefined : quietly(() => readFileSync(file));
  // The name is that of this file: it is what the probe takes for its own in a stack.
  const script = new Script(readFileSync(probe, 'utf8'), { filename: __filename, ...(cachedData ? { cachedData } : {}) });
  (script.runInThisContext() as (require: NodeJS.Require, file: string) => void)(require, __filename);
  if (isToBeKept && file !== undefined && !cachedData) keep(file, script.createCachedData());
}

/** Other runtimes that honour NODE_OPTIONS, and versions that were never tried, are left alone. */
function isSupported(): boolean {
  const { node, deno, bun, electron } = process.versions as Record<string, string | undefined>;
  return !deno && !bun && !electron && parseInt(node ?? '0', 10) >= 20;
}

if (isSupported()) quietly(load);
// The program would find one module more than it loaded.
quietly(() => delete require.cache[__filename]);

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { HumanError } from '../../core/errors';

/** A debugpy to debug with. */
export interface Debugpy {
  /** the command line of its adapter */
  adapter: string[];
  /** the folder that holds it, where it is not the interpreter's own */
  folder: string | undefined;
}

const oldest = [1, 6] as const;

interface Answer {
  version?: string;
  error?: string;
}

function ask(python: readonly string[], env: NodeJS.ProcessEnv, folder?: string): Promise<Answer> {
  const script = 'import debugpy; print(debugpy.__version__)';
  const around = folder === undefined ? env : { ...env, PYTHONPATH: [folder, ...(env.PYTHONPATH ? [env.PYTHONPATH] : [])].join(delimiter) };
  return new Promise((resolve) => {
    execFile(python[0] ?? '', [...python.slice(1), '-c', script], { env: around, timeout: 20_000, windowsHide: true }, (error, stdout, stderr) => {
      resolve(error ? { error: stderr.trim().split('\n').at(-1) ?? error.message } : { version: stdout.trim() });
    });
  });
}

const isOld = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10) || 0);
  return major < oldest[0] || (major === oldest[0] && minor < oldest[1]);
};

/**
 * Finds debugpy: the interpreter's own, else the one that the Python Debugger extension carries (`bundled`, its folder).
 * Throws {@link HumanError} with the command that installs it.
 */
export async function findDebugpy(python: readonly string[], env: NodeJS.ProcessEnv, bundled?: string): Promise<Debugpy> {
  const own = await ask(python, env);
  if (own.version !== undefined && !isOld(own.version)) return { adapter: [...python, '-m', 'debugpy.adapter'], folder: undefined };
  if (bundled !== undefined && existsSync(join(bundled, 'debugpy'))) {
    const found = await ask(python, env, bundled);
    if (found.version !== undefined && !isOld(found.version)) return { adapter: [...python, join(bundled, 'debugpy', 'adapter')], folder: bundled };
  }
  const install = `${python.join(' ')} -m pip install --upgrade debugpy`;
  if (own.version !== undefined) throw new HumanError(`debugpy ${own.version} of ${python[0] ?? ''} is too old to debug several processes (${oldest.join('.')} or newer is needed). Update it: ${install}`);
  if (/No module named '?debugpy'?$/.test(own.error ?? '')) throw new HumanError(`Debugging Python needs debugpy, which ${python[0] ?? ''} does not have. Install it: ${install}`);
  throw new HumanError(`debugpy of ${python[0] ?? ''} can't be used (${own.error ?? 'no reason given'}). Install it anew: ${python.join(' ')} -m pip install --force-reinstall debugpy`);
}

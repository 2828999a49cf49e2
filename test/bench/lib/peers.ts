import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const cache = join(__dirname, '../../../node_modules/.cache/procession-bench');

/** The other tools, installed when they are missing. */
export interface Peers {
  pidtree: (pid: number) => Promise<number[]>;
  systeminformation: { processes: () => Promise<{ list: { pid: number; parentPid: number }[] }> };
  /** environment in which `python3` can import psutil; undefined when it cannot be had */
  psutil: NodeJS.ProcessEnv | undefined;
}

/** Installs the peers that come from npm where they are not there yet; the folder that they are in, as for NODE_PATH. */
export function installPeers(): string {
  const wanted = join(__dirname, '..', 'package-lock.json');
  const lock = join(cache, 'package-lock.json');
  const folder = join(cache, 'node_modules');
  if (!existsSync(folder) || !existsSync(lock) || !readFileSync(lock).equals(readFileSync(wanted))) {
    mkdirSync(cache, { recursive: true });
    for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(__dirname, '..', file), join(cache, file));
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: cache, stdio: ['ignore', 'ignore', 'inherit'] });
  }
  return folder;
}

export async function loadPeers(): Promise<Peers> {
  installPeers();
  const require = createRequire(join(cache, 'package.json'));
  const load = async (name: string): Promise<unknown> => ((await import(pathToFileURL(require.resolve(name)).href)) as { default: unknown }).default;
  return {
    pidtree: (await load('pidtree')) as Peers['pidtree'],
    systeminformation: (await load('systeminformation')) as Peers['systeminformation'],
    psutil: findPsutil(),
  };
}

function findPsutil(): NodeJS.ProcessEnv | undefined {
  const target = join(cache, 'python');
  const environment = { ...process.env, PYTHONPATH: target };
  const works = (): boolean => {
    try {
      execFileSync('python3', ['-c', 'import psutil'], { env: environment, stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };
  if (works()) return environment;
  try {
    execFileSync('python3', ['-m', 'pip', 'install', '--quiet', '--target', target, 'psutil'], { stdio: 'ignore', timeout: 120_000 });
  } catch {
    return undefined;
  }
  return works() ? environment : undefined;
}

// Installs the VS Code server that the host tests run in (code-server, with the Node it needs) into a
// cache folder that every clone of the repository shares, and prints that folder. 800 MB, two minutes, once.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const manifest = ['package.json', 'package-lock.json'];

/** Where the things that tests install for themselves are kept. */
export const cacheRoot = () => join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'procession');

/** The folder of the server that this lock file describes; it exists only when the install is complete. */
export function hostFolder() {
  const hash = createHash('sha256');
  for (const file of manifest) hash.update(readFileSync(join(here, file)));
  return join(cacheRoot(), `host-${hash.digest('hex').slice(0, 12)}`);
}

/** The server's parts: the Node to run it on, VS Code's server entry, and code-server's command line. */
export function hostPaths(folder = hostFolder()) {
  const modules = join(folder, 'node_modules');
  return {
    folder,
    node: join(modules, nodePackage(), 'bin', 'node'),
    serverMain: join(modules, 'code-server', 'lib', 'vscode', 'out', 'server-main.js'),
    codeServer: join(modules, 'code-server', 'out', 'node', 'entry.js'),
  };
}

/** Installs the server if it is not there yet. Safe to be called by several processes at once. */
export async function installHost({ log = console.error } = {}) {
  if (process.platform !== 'linux') throw new Error(`The VS Code server is used on Linux only; on ${process.platform} a desktop VS Code serves.`);
  const folder = hostFolder();
  if (existsSync(folder)) return hostPaths(folder);
  mkdirSync(dirname(folder), { recursive: true });
  const release = await acquire(`${folder}.lock`, log);
  try {
    if (!existsSync(folder)) installInto(folder, log);
  } finally {
    release();
  }
  return hostPaths(folder);
}

const nodePackage = () => `node-linux-${process.arch}`;

/** Builds in a folder beside the final one and renames it, so that a broken install is never taken for a whole one. */
function installInto(folder, log) {
  const building = `${folder}.building`;
  rmSync(building, { recursive: true, force: true });
  mkdirSync(building);
  for (const file of manifest) copyFileSync(join(here, file), join(building, file));
  log('Installing a VS Code server for the host tests (about two minutes, once) …');
  const node = join(building, 'node_modules', nodePackage());
  // First only unpack: the install scripts want the very Node that comes with this step, and its headers.
  npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund'], building, process.env);
  const env = { ...process.env, PATH: join(node, 'bin') + delimiter + process.env.PATH, npm_config_nodedir: node };
  npm(['rebuild', '--foreground-scripts'], building, env);
  renameSync(building, folder);
}

/** Runs npm; its output is shown only when it fails. */
function npm(args, cwd, env) {
  const result = spawnSync('npm', args, { cwd, env, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (result.status === 0) return;
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}`.split('\n').slice(-60).join('\n');
  throw new Error(`npm ${args.join(' ')} failed (${result.error?.message ?? result.status}). It needs a C++ compiler, python3 and, on Debian, libkrb5-dev.\n${output}`);
}

/** Waits until this process alone holds the lock file, and returns what releases it. A lock of a dead process is taken over. */
async function acquire(path, log) {
  for (let waited = 0; ; waited++) {
    try {
      const fd = openSync(path, 'wx');
      writeSync(fd, String(process.pid));
      closeSync(fd);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (waited === 0) log('Another process is installing the VS Code server; waiting for it …');
    if (waited > 1200) throw new Error(`Waited 10 minutes for ${path}. Remove it if nothing is installing.`);
    if (waited > 4 && !isHeld(path)) rmSync(path, { force: true });
    await delay(500);
  }
}

function isHeld(path) {
  try {
    process.kill(Number(readFileSync(path, 'utf8')), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  installHost().then((host) => console.log(host.folder), (error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}

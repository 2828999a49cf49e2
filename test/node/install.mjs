// Installs the Node versions that the probe is tried on: `node test/node/install.mjs [MAJOR…]`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const majors = ['20', '22', '24', '26'];

/** A version in which the probe has to do nothing, without harm. */
export const ancient = '12';
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'procession', 'node');

/** Where the binary of a major version is, or will be. */
export const binaryOf = (major) => join(cache, major, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** Puts the npm package `node` of one major version into the cache, unless it is there. Returns whether it is there now. */
export function install(major) {
  if (existsSync(binaryOf(major))) return true;
  const folder = join(cache, major);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
  spawnSync('npm', ['install', '--no-audit', '--no-fund', '--silent', `node@${major}`], { cwd: folder, stdio: 'inherit', shell: process.platform === 'win32' });
  return existsSync(binaryOf(major));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const missing = (process.argv.length > 2 ? process.argv.slice(2) : [ancient, ...majors]).filter((major) => !install(major));
  // Not an error: what can't be had (no network) is not tried, and the tests say which versions they ran.
  if (missing.length > 0) console.error(`Not installed: Node ${missing.join(', ')}.`);
}

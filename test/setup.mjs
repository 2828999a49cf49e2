// What `npm test` and `npm start` do first on any clone: install what the lock file says, and build.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = dirname(dirname(fileURLToPath(import.meta.url)));

/** Whether node_modules holds just what package-lock.json asks for. Contents are compared, since a checkout changes times. */
export function isInstalled(folder = repository) {
  const installed = join(folder, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  const present = JSON.parse(readFileSync(installed, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(([path, { version, optional, devOptional }]) =>
    path === '' || (present[path] ? present[path].version === version : optional || devOptional));
}

/** Installs the dependencies if they are missing or other than the lock file says. Tells whether it went well. */
export function installDependencies() {
  if (isInstalled()) return true;
  console.log('Installing the dependencies …');
  // A shell, because npm is a script on Windows.
  return spawnSync('npm ci --no-audit --no-fund', { cwd: repository, stdio: 'inherit', shell: true }).status === 0;
}

export const build = () => spawnSync(process.execPath, ['esbuild.mjs'], { cwd: repository, stdio: 'inherit' }).status === 0;

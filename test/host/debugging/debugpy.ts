import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

function run(file: string, args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8', timeout: 240_000 });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout.trim();
}

/** A Python with debugpy, in an environment of its own in the user's cache, made at first use. Throws with the reason where that can't be. */
export function pythonWithDebugpy(python = 'python3'): string {
  const version = run(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'procession', `debugpy-${version}`);
  const made = join(folder, 'bin', 'python');
  if (existsSync(made)) return made;
  const draft = `${folder}.${process.pid}`;
  try {
    mkdirSync(draft, { recursive: true });
    run(python, ['-m', 'venv', draft]);
    run(join(draft, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'debugpy']);
    if (!existsSync(folder)) renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return made;
}

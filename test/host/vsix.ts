import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const repository = resolve(__dirname, '..', '..');
let made: string | undefined;

/**
 * The package that windows under test have installed: made anew from the sources, once in each process that asks for it.
 * PROCESSION_TEST_VSIX names another one instead.
 */
export function vsix(): string {
  const given = process.env.PROCESSION_TEST_VSIX;
  if (given) return given;
  if (made === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'procession-vsix-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    made = join(folder, 'procession.vsix');
    // A shell, because npm is a script on Windows.
    execFileSync('npm', ['run', 'package', '--', '--out', made], { cwd: repository, stdio: 'pipe', shell: process.platform === 'win32' });
  }
  return made;
}

/** An extension under development that does nothing: without one, VS Code runs no tests. */
export const harness = join(__dirname, 'harness');

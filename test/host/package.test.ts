import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

import { runFile } from './actions';
import { openWorkbench } from './workbench';

const repository = resolve(__dirname, '..', '..');

test('the package is small, holds what runs and nothing else, installs, and shows its view', { timeout: 300_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'procession-package-'));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const vsix = join(folder, 'procession.vsix');
  execFileSync('npm', ['run', 'package', '--', '--out', vsix], { cwd: repository, stdio: 'pipe' });

  const size = statSync(vsix).size;
  assert.ok(size < 400 * 1024, `${size} bytes`);
  const files = listZip(vsix);
  for (const file of ['dist/extension.js', 'dist/cli.js', 'dist/procession', 'dist/probes/node/probe.cjs', 'dist/probes/python/boot/sitecustomize.py', 'package.json', 'readme.md', 'LICENSE.txt', 'changelog.md']) {
    assert.ok(files.includes(`extension/${file}`), `${file} is missing of ${files.join(' ')}`);
  }
  const strange = files.filter((file) => /(^extension\/(src|test|node_modules|\.vscode|\.github|\.ci)\/)|\.map$|__pycache__|\.pyc$/.test(file));
  assert.deepEqual(strange, []);

  const workspace = join(folder, 'workspace');
  cpSync(join(__dirname, 'programs'), workspace, { recursive: true });
  const workbench = await openWorkbench({ folder: workspace, install: [vsix] });
  t.after(() => workbench.close());
  await workbench.showing(async () => {
    const icon = workbench.page.locator('.part.activitybar .action-label[aria-label^="Procession"]').first();
    await icon.click({ timeout: 30_000 });
    await workbench.page.locator('.part.sidebar .composite.title h2', { hasText: /Procession/ }).waitFor({ timeout: 30_000 });
    // The welcome of the empty view is drawn only by an extension that has activated and registered its tree.
    await workbench.page.locator('.welcome-view .monaco-button').first().waitFor({ timeout: 30_000 });

    // A grandchild with its name is drawn only where the packaged probes came up in the program.
    await runFile(workbench, 'family.py');
    const row = workbench.page.locator('.pane .monaco-list-row[aria-level="4"] .label-name', { hasText: /^grandchild$/ });
    await row.waitFor({ timeout: 60_000 });
  });
});

/** Names of the entries, as python's zipfile lists them: every machine that runs these tests has a Python. */
function listZip(file: string): string[] {
  const script = 'import sys, zipfile; print("\\n".join(zipfile.ZipFile(sys.argv[1]).namelist()))';
  return execFileSync('python3', ['-c', script, file], { encoding: 'utf8' }).trim().split('\n');
}

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, posix, resolve } from 'node:path';
import { test, type TestContext } from 'node:test';

import { runFile } from './actions';
import { vsix } from './vsix';
import { openWorkbench } from './workbench';

const repository = resolve(__dirname, '..', '..');

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'procession-package-'));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** The files of the package with their texts, by their paths in the folder of the installed extension. */
function unpack(t: TestContext): Map<string, string> {
  const folder = temporary(t);
  // Every machine that runs these tests has a Python.
  execFileSync('python3', ['-c', 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])', vsix(), folder]);
  const extension = join(folder, 'extension');
  const files = readdirSync(extension, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(files.map((file) => [file.slice(extension.length + 1).replaceAll('\\', '/'), readFileSync(file, 'latin1')]));
}

/** What VS Code reads by itself. */
const roots = ['package.json', 'readme.md', 'changelog.md', 'LICENSE.txt'];

/**
 * Whether a text makes its reader load a file: it names the file, or imports it as a module of Python; what stands for a
 * folder of Python is loaded by whoever names that folder.
 */
function loads(text: string, file: string): boolean {
  const name = basename(file);
  if (!name.endsWith('.py')) return text.includes(name);
  const module = /^(__init__|__main__|sitecustomize)\.py$/.test(name) ? basename(dirname(file)) : name.slice(0, -3);
  return text.includes(`${module}.py`) || new RegExp(`\\bimport\\b.*\\b${module}\\b|\\bfrom \\.*${module}\\b|['"\`]${module}['"\`]`).test(text);
}

/** Files that are loaded by what is loaded: `candidates` that some root or some other of them names. `texts` gives what is read. */
function loaded(candidates: readonly string[], texts: ReadonlyMap<string, string>): string[] {
  const found = new Set(roots);
  // `for` over a set also visits what is added meanwhile.
  for (const reader of found) for (const file of candidates) if (!found.has(file) && loads(texts.get(reader) ?? '', file)) found.add(file);
  return [...found].sort();
}

/** The files below a folder of the repository, by their paths in it. */
function filesIn(folder: string): string[] {
  return readdirSync(join(repository, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('__pycache__'))
    .map((entry) => posix.join(folder, join(entry.parentPath, entry.name).slice(join(repository, folder).length + 1).replaceAll('\\', '/')));
}

test('the package is small, and holds what is loaded when it runs, all of it and nothing else', { timeout: 300_000 }, (t) => {
  const texts = unpack(t);
  const size = statSync(vsix()).size;
  assert.ok(size < 600 * 1024, `${size} bytes`);
  // The README is made for the package, which has it under another name.
  const built = [...filesIn('dist'), ...filesIn('media')].filter((file) => file !== 'dist/README.md');
  const everything = new Map([...built.map((file) => [file, readFileSync(join(repository, file), 'latin1')] as const), ...texts]);
  const expected = loaded(built, everything);
  assert.ok(expected.length > 40, `${expected.length} files are loaded`);
  assert.deepEqual([...texts.keys()].sort(), expected);
});

test('the README of the package has no picture and no link that VS Code cannot follow', { timeout: 300_000 }, (t) => {
  const readme = unpack(t).get('readme.md') ?? '';
  assert.ok(readme.includes('# Procession'));
  assert.deepEqual([...readme.matchAll(/!?\[[^\]]*\]\((?!https:|#)[^)]*\)/g)].map(([link]) => link), []);
});

test('the package installs, shows its view, and its probes come up in a program', { timeout: 300_000 }, async (t) => {
  const folder = temporary(t);
  const workspace = join(folder, 'workspace');
  cpSync(join(__dirname, 'programs'), workspace, { recursive: true });
  const workbench = await openWorkbench({ folder: workspace, install: [vsix()] });
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

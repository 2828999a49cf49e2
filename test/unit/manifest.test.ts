import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const text = (path: string): string => readFileSync(join(__dirname, '../..', path), 'utf8');
const versionIn = (range: string): string => /\d+\.\d+\.\d+/.exec(range)?.[0] ?? '';

test('the oldest VS Code that the manifest allows is the oldest that is tested, and no newer API is known to the compiler', () => {
  const { engines, devDependencies } = JSON.parse(text('package.json')) as { engines: { vscode: string }; devDependencies: Record<string, string> };
  const oldest = versionIn(engines.vscode);
  const tested = /vscode: \['([\d.]+)', stable\]/.exec(text('.github/workflows/ci.yml'))?.[1];
  assert.equal(tested, oldest);
  assert.ok(versionIn(devDependencies['@types/vscode'] ?? '').localeCompare(oldest, 'en', { numeric: true }) <= 0);
});

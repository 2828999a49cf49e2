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

test('a workspace can\'t say what is removed, nor, until it is trusted, what is ended or where programs run', () => {
  const { contributes, capabilities } = JSON.parse(text('package.json')) as {
    contributes: { configuration: { properties: Record<string, { scope?: string }> } };
    capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
  };
  const { properties } = contributes.configuration;
  // These change what is shown, and when programs that run are looked at, and no more.
  const harmless = ['procession.debug.onStop', 'procession.codeLens', 'procession.workloadProgress', 'procession.insight.hangAfter', 'procession.insight.notify'];
  const guarded = Object.entries(properties).filter(([name, { scope }]) => scope === 'machine' || scope === 'application' || capabilities.untrustedWorkspaces.restrictedConfigurations.includes(name)).map(([name]) => name);
  assert.equal(properties['procession.keepRuns']?.scope, 'machine');
  assert.deepEqual(Object.keys(properties).filter((name) => !guarded.includes(name)).sort(), harmless.sort());
});

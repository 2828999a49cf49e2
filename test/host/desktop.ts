import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { runTests } from '@vscode/test-electron';

import { followResults, type Tally } from './results';
import type { Stage } from './run';

/** Runs a suite in a desktop VS Code that @vscode/test-electron downloads; there is no browser to look at it with. */
export async function runDesktop(stage: Stage, version: string): Promise<Tally> {
  // Short, because VS Code makes a Unix socket in it, whose path may have 103 characters on macOS.
  const profile = mkdtempSync(join(tmpdir(), 'pn-'));
  const settings = { 'security.workspace.trust.startupPrompt': 'never', 'workbench.startupEditor': 'none', 'telemetry.telemetryLevel': 'off' };
  mkdirSync(join(profile, 'User'));
  writeFileSync(join(profile, 'User', 'settings.json'), JSON.stringify(settings));
  let ended: string | undefined;
  const editor = runTests({
    version,
    extensionDevelopmentPath: stage.extension,
    extensionTestsPath: stage.tests,
    extensionTestsEnv: stage.env,
    launchArgs: [stage.workspace, '--user-data-dir', profile, '--disable-extensions', '--skip-welcome', '--disable-telemetry',
      ...(stage.trusted ? ['--disable-workspace-trust'] : [])],
  }).then(() => { ended = 'the editor has ended'; }, (error: unknown) => { ended = `the editor has ended: ${String(error)}`; });
  try {
    return await followResults(stage.results, stage.tests, () => ended);
  } finally {
    await editor;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

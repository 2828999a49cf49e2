import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { downloadAndUnzipVSCode, resolveCliArgsFromVSCodeExecutablePath, runTests } from '@vscode/test-electron';

import { followResults, type Tally } from './results';
import type { Stage } from './run';
import { harness } from './vsix';

/** Runs a suite in a desktop VS Code that @vscode/test-electron downloads; there is no browser to look at it with. */
export async function runDesktop(stage: Stage, version: string): Promise<Tally> {
  // Short, because VS Code makes a Unix socket in it, whose path may have 103 characters on macOS.
  const profile = mkdtempSync(join(tmpdir(), 'pn-'));
  const settings = { 'security.workspace.trust.startupPrompt': 'never', 'workbench.startupEditor': 'none', 'telemetry.telemetryLevel': 'off' };
  mkdirSync(join(profile, 'User'));
  writeFileSync(join(profile, 'User', 'settings.json'), JSON.stringify(settings));
  const executable = await downloadAndUnzipVSCode(version);
  const stores = ['--user-data-dir', profile, '--extensions-dir', join(profile, 'extensions')];
  const [cli = '', ...args] = resolveCliArgsFromVSCodeExecutablePath(executable, { reuseMachineInstall: true });
  // A shell, because the command line is a script on Windows.
  execFileSync(cli, [...args, ...stores, '--install-extension', stage.vsix], { stdio: 'inherit', shell: process.platform === 'win32' });
  let ended: string | undefined;
  const editor = runTests({
    vscodeExecutablePath: executable,
    reuseMachineInstall: true,
    extensionDevelopmentPath: harness,
    extensionTestsPath: stage.tests,
    extensionTestsEnv: stage.env,
    launchArgs: [stage.workspace, ...stores, '--skip-welcome', '--disable-telemetry',
      ...(stage.trusted ? ['--disable-workspace-trust'] : [])],
  }).then(() => { ended = 'the editor has ended'; }, (error: unknown) => { ended = `the editor has ended: ${String(error)}`; });
  try {
    return await followResults(stage.results, stage.tests, () => ended);
  } finally {
    await editor;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

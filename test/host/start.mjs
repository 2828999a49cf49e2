// `npm start`: opens a VS Code with the extension and the folder of examples. The desktop `code` if there is
// one, else the one that @vscode/test-electron downloads, else a VS Code in the browser, whose address it prints.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { build, installDependencies, repository } from '../setup.mjs';

const windows = process.platform === 'win32';

async function main() {
  if (!installDependencies()) throw new Error('The dependencies could not be installed.');
  if (!build()) throw new Error('The build failed.');
  const workspace = copyExamples();
  const removeCopy = () => rmSync(workspace, { recursive: true, force: true, maxRetries: 5 });
  try {
    const ways = [openOnPath, openDownloaded, openInBrowser];
    for (const open of ways) if (await open(workspace)) return;
    throw new Error('No VS Code could be opened. Install one from code.visualstudio.com, or on Linux a C++ compiler, python3 and libkrb5-dev.');
  } finally {
    removeCopy();
  }
}

/** A copy, so that what a person tries out does not change the repository. */
function copyExamples() {
  const workspace = mkdtempSync(join(tmpdir(), 'procession-examples-'));
  cpSync(join(repository, 'test', 'examples'), workspace, { recursive: true });
  return workspace;
}

/** Waits, as a command does that a person has started; the window's end is its end. */
const wait = (child) => new Promise((resolve) => {
  process.once('SIGTERM', () => child.kill());
  child.on('error', () => resolve(false));
  child.on('close', (code) => resolve(code === 0));
});

async function openOnPath(workspace) {
  const { status } = spawnSync('code', ['--version'], { stdio: 'ignore', shell: windows });
  if (status !== 0 || !hasDisplay()) return false;
  console.log('Opening the VS Code of this machine. This command ends when its window is closed.');
  return wait(spawn('code', ['--wait', '--new-window', `--extensionDevelopmentPath=${repository}`, workspace], { stdio: 'inherit', shell: windows }));
}

async function openDownloaded(workspace) {
  if (!hasDisplay() || !(await canDownload())) return false;
  const { downloadAndUnzipVSCode } = await import('@vscode/test-electron');
  const executable = await downloadAndUnzipVSCode().catch((error) => console.error(`VS Code could not be downloaded: ${error.message}`));
  if (!executable) return false;
  const profile = join(repository, '.vscode-test', 'start');
  mkdirSync(profile, { recursive: true });
  console.log('Opening the VS Code that was downloaded. This command ends when its window is closed.');
  return wait(spawn(executable, ['--new-window', `--user-data-dir=${profile}`, `--extensionDevelopmentPath=${repository}`, workspace], { stdio: 'inherit' }));
}

const hasDisplay = () => process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);

/** Whether VS Code's update service answers: test-electron alone would try for minutes. */
function canDownload() {
  return new Promise((resolve) => {
    const request = get('https://update.code.visualstudio.com/api/releases/stable', { timeout: 4000 }, (response) => {
      response.destroy();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
    request.on('close', () => resolve(false));
  });
}

async function openInBrowser(workspace) {
  if (process.platform !== 'linux') return false;
  return wait(spawn(process.execPath, ['--import', 'tsx', join(repository, 'test/host/serve.ts'), workspace], { cwd: repository, stdio: 'inherit' }));
}

// The window or the server gets the terminal's Ctrl+C itself; this process stays to clean up after it.
process.on('SIGINT', () => undefined);
main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});

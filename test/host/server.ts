import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { installHost } from './install.mjs';

export interface ServerOptions {
  /** the person's settings.json */
  settings?: Record<string, unknown>;
  /** false: workspace trust is on and nothing is trusted, so the window is in Restricted Mode */
  trusted?: boolean;
  /** .vsix files to install before the server starts, by the same command that a person would use */
  install?: string[];
  /** added to the environment of the server, and so of the extension host; undefined removes */
  env?: Record<string, string | undefined>;
}

/** What a development window is asked to load besides the folder. */
export interface WindowOptions {
  /** without one, the window is an empty one */
  folder?: string;
  /** folder of the extension under development */
  extension?: string;
  /** module that exports `run()`, executed in the extension host */
  tests?: string;
}

export interface Server {
  /** the address of a window of this server */
  url(window: WindowOptions): string;
  /** everything that the server has printed */
  output(): string;
  /** where the server keeps the person's data; removed by stop() */
  dataFolder: string;
  /** the server's own process */
  pid: number;
  stop(): Promise<void>;
}

/** Settings that keep a fresh profile quiet, and the terminal's text readable in the page. */
const quiet = {
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'git.openRepositoryInParentFolders': 'never',
  'telemetry.telemetryLevel': 'off',
  'terminal.integrated.gpuAcceleration': 'off',
  'update.mode': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'chat.disableAIFeatures': true,
};

/**
 * Starts a VS Code server of its own (data, extensions, port) on the loopback interface; a random token guards it.
 * Installs the server first where that has not happened yet.
 */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const host = await installHost();
  const dataFolder = mkdtempSync(join(tmpdir(), 'procession-host-'));
  const extensions = join(dataFolder, 'extensions');
  const user = join(dataFolder, 'data', 'User');
  mkdirSync(user, { recursive: true });
  const trust = options.trusted === false ? { 'security.workspace.trust.startupPrompt': 'never' } : {};
  writeFileSync(join(user, 'settings.json'), JSON.stringify({ ...quiet, ...trust, ...options.settings }, null, 2));
  const mark = randomBytes(8).toString('hex');
  // Without a gallery the editor asks nobody on the network which extensions there are.
  const env = cleanEnvironment({ EXTENSIONS_GALLERY: '{"serviceUrl":""}', ...process.env, ...options.env, [markVariable]: mark });
  const stores = ['--server-data-dir', dataFolder, '--extensions-dir', extensions];
  const removeData = () => rmSync(dataFolder, { recursive: true, force: true, maxRetries: 5 });

  try {
    for (const vsix of options.install ?? []) {
      await complete(spawn(host.node, [host.codeServer, '--user-data-dir', dataFolder, '--extensions-dir', extensions, '--install-extension', vsix], { env }));
    }
    const token = randomBytes(16).toString('hex');
    // Only the smoke test driver makes the server accept a development extension and tests from the address.
    const child = spawn(host.node, [host.serverMain, ...stores, '--host', '127.0.0.1', '--port', '0', '--connection-token', token,
      '--accept-server-license-terms', '--enable-smoke-test-driver', '--disable-telemetry',
      ...(options.trusted === false ? [] : ['--disable-workspace-trust'])], { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = collect(child);
    const stop = async () => {
      await stopGroup(child);
      killMarked(mark);
      removeData();
    };
    const port = await listeningPort(child, output).catch(async (error: unknown) => { await stop(); throw error; });
    return { url: (window) => windowUrl(port, token, window), output, dataFolder, pid: child.pid ?? 0, stop };
  } catch (error) {
    removeData();
    throw error;
  }
}

/** Everything that a server has started, however far off, carries this variable with the server's own mark. */
const markVariable = 'PROCESSION_TEST_HOST';

/** A server started from a terminal of VS Code, or from a test runner, must not inherit what belongs to those. */
function cleanEnvironment(env: Record<string, string | undefined>): NodeJS.ProcessEnv {
  const foreign = /^(VSCODE_|ELECTRON_|NODE_OPTIONS$|NODE_TEST_CONTEXT$|npm_)/;
  return Object.fromEntries(Object.entries(env).filter(([name, value]) => value !== undefined && !foreign.test(name)));
}

function windowUrl(port: number, token: string, window: WindowOptions): string {
  const remote = (path: string) => `vscode-remote://127.0.0.1:${port}${path}`;
  const payload: [string, string][] = [];
  if (window.extension) payload.push(['extensionDevelopmentPath', remote(window.extension)]);
  if (window.tests) payload.push(['extensionTestsPath', remote(window.tests)]);
  payload.push(['skipWelcome', 'true']);
  const query = new URLSearchParams({ tkn: token, ...(window.folder === undefined ? { ew: 'true' } : { folder: window.folder }), payload: JSON.stringify(payload) });
  return `http://127.0.0.1:${port}/?${query.toString()}`;
}

function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (chunk: string) => { text += chunk; });
  return () => text;
}

async function complete(child: ChildProcess): Promise<void> {
  const output = collect(child);
  const [code] = await once(child, 'close') as [number | null];
  if (code !== 0) throw new Error(`${child.spawnargs.join(' ')} ended with ${code}:\n${output()}`);
}

async function listeningPort(child: ChildProcess, output: () => string): Promise<number> {
  for (let waited = 0; waited < 600 && child.exitCode === null && child.signalCode === null; waited++) {
    const port = /Extension host agent listening on (\d+)/.exec(output())?.[1];
    if (port) return Number(port);
    await delay(100);
  }
  throw new Error(`The VS Code server did not start:\n${output()}`);
}

/** Ends the server with the extension host and the terminals that it started, which are in its process group. */
async function stopGroup(child: ChildProcess): Promise<void> {
  const group = child.pid;
  if (group === undefined) return;
  const signal = (name: NodeJS.Signals | 0): boolean => {
    try {
      return process.kill(-group, name);
    } catch {
      return false;
    }
  };
  signal('SIGTERM');
  for (let waited = 0; waited < 50 && signal(0); waited++) await delay(100);
  signal('SIGKILL');
}

/** Kills what has left the server's process group and is still there: terminals, and the programs that a failed test did not stop. */
function killMarked(mark: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${markVariable}=${mark}`)) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // Ended meanwhile, or another person's.
    }
  }
}

// Runs the tests that live inside a real VS Code, which has the package installed: `node --import tsx test/host/run.ts [name of a suite…]`.
// Each suite is a folder of tests and one window: a workbench in a browser, or, where
// PROCESSION_DESKTOP_VSCODE is set, a desktop VS Code of that version ("1" means stable).
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { binaryOf, install } from '../node/install.mjs';
import { bridgeVariable, serveBrowser } from './bridge';
import { pageBrowser } from './browser';
import { bundleTests } from './bundle';
import { runDesktop } from './desktop';
import { onlyVariable, picturesVariable, resultsVariable } from './inside/testing';
import { createResults, followResults, type Tally } from './results';
import { harness, vsix } from './vsix';
import { openWorkbench, type Workbench } from './workbench';

const repository = resolve(__dirname, '..', '..');

export interface Suite {
  name: string;
  folder: string;
  trusted: boolean;
}

/** What a suite runs in: a copy of the examples as workspace, the bundled tests, the file of results. */
export interface Stage {
  /** the package that is installed */
  vsix: string;
  workspace: string;
  tests: string;
  results: string;
  trusted: boolean;
  env: Record<string, string>;
}

const suites: Suite[] = [
  { name: 'trusted', folder: join(__dirname, 'suite'), trusted: true },
  { name: 'untrusted', folder: join(__dirname, 'suite', 'untrusted'), trusted: false },
];

/**
 * A test of a window that is drawn on a busy machine may fail for a reason of its surroundings. So many of a suite
 * are tried once more, alone, in a new window, and what was wrong at first is told; more of them are a failure at once.
 */
const triedAgain = 4;

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const unsteady: string[] = [];
  const total: Tally = { passed: 0, failed: 0, skipped: 0 };
  for (const suite of suites) {
    if (wanted.length > 0 && !wanted.includes(suite.name)) continue;
    if (!existsSync(suite.folder) || !readdirSync(suite.folder).some((name) => name.endsWith('.ts'))) continue;
    const tally = await runSuite(suite);
    const failed = tally.names ?? [];
    if (failed.length > 0 && failed.length <= triedAgain) {
      const again = await runSuite(suite, failed);
      if (again.failed === 0 && again.passed >= failed.length) {
        unsteady.push(...failed);
        tally.passed += again.passed;
        tally.failed = 0;
      }
    }
    for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += tally[key];
  }
  for (const name of unsteady) console.log(`⚠ failed at first, passed when tried again: ${name}`);
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
}

async function runSuite(suite: Suite, only: string[] = []): Promise<Tally> {
  const desktop = process.env.PROCESSION_DESKTOP_VSCODE;
  console.log(`▶ ${suite.name} workspace, ${desktop ? 'desktop VS Code' : 'VS Code in a browser'}${only.length > 0 ? `, what failed once more: ${only.join('; ')}` : ''}`);
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'procession-suite-')));
  try {
    const stage = await prepare(suite, folder);
    if (only.length > 0) stage.env[onlyVariable] = only.join('\n');
    return desktop ? await runDesktop(stage, desktop === '1' ? 'stable' : desktop) : await runBrowser(stage, suite.name);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function prepare(suite: Suite, folder: string): Promise<Stage> {
  const workspace = join(folder, 'workspace');
  mkdirSync(workspace);
  const examples = join(repository, 'test', 'examples');
  cpSync(examples, workspace, { recursive: true });
  cpSync(join(__dirname, 'programs'), join(workspace, 'programs'), { recursive: true });
  const tests = join(folder, 'tests.cjs');
  await bundleTests(suite.folder, tests);
  const results = join(folder, 'results.ndjson');
  createResults(results);
  // One that does not run TypeScript by itself, and one that does.
  const nodes = Object.fromEntries(['20', '24'].filter(install).map((major) => [`PROCESSION_TEST_NODE_${major}`, binaryOf(major)]));
  return { vsix: vsix(), workspace, tests, results, trusted: suite.trusted, env: { ...nodes, XDG_STATE_HOME: join(folder, 'state'), [resultsVariable]: results, [picturesVariable]: evidence(suite.name) } };
}

async function runBrowser(stage: Stage, name: string): Promise<Tally> {
  let workbench: Workbench | undefined;
  const bridge = await serveBrowser(() => {
    if (!workbench) throw new Error('the window is not open yet');
    return pageBrowser(workbench.page);
  });
  try {
    workbench = await openWorkbench({
      folder: stage.workspace,
      install: [stage.vsix],
      extension: harness,
      tests: stage.tests,
      trusted: stage.trusted,
      env: { ...stage.env, [bridgeVariable]: bridge.address },
    });
    let lost: string | undefined;
    workbench.page.on('crash', () => { lost = 'the page has crashed'; });
    const tally = await followResults(stage.results, stage.tests, () => lost);
    if (tally.failed > 0) keepLogs(workbench, name);
    return tally;
  } finally {
    await workbench?.close();
    bridge.close();
  }
}

/** Where the pictures of failed tests and the logs of their window are kept. */
const evidence = (suite: string): string => join(repository, 'out', 'host', suite);

function keepLogs(workbench: Workbench, suite: string): void {
  const folder = evidence(suite);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'server.log'), workbench.server.output());
  writeFileSync(join(folder, 'page.log'), workbench.consoleText());
  console.log(`  pictures and logs: ${folder}`);
}

main().catch((error: unknown) => {
  console.error(error);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
});

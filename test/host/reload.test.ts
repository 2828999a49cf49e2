import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test, type TestContext } from 'node:test';

import { openFile, runFile } from './actions';
import { isLive, pageBrowser, pidIn, type Browser, type RenderedRow } from './browser';
import { vsix } from './vsix';
import { openWorkbench, type Workbench } from './workbench';

const repository = resolve(__dirname, '..', '..');
const view = 'Processes';

async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  for (const end = Date.now() + 60_000; Date.now() < end;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await new Promise((next) => setTimeout(next, 100));
  }
  throw new Error(`waited 60 s for: ${what}`);
}

/** What a test has opened is closed in reverse order, each thing whatever becomes of the others: what is left open keeps the file of tests from ending. */
function closing(t: TestContext): (close: () => unknown) => void {
  const all: (() => unknown)[] = [];
  t.after(async () => {
    const problems: unknown[] = [];
    for (const close of all.reverse()) await Promise.resolve().then(close).catch((problem: unknown) => problems.push(problem));
    if (problems.length > 0) throw problems[0];
  });
  return (close) => void all.push(close);
}

/** Answers the question of a command that has this title. */
async function answer(browser: Browser, title: string, text: string): Promise<void> {
  await until('the question', async () => (await browser.texts('.quick-input-widget .quick-input-title')).some((shown) => shown.includes(title)));
  await browser.press('ControlOrMeta+a');
  await browser.type(text);
  await browser.press('Enter');
}

/** A window in which the family runs, with its rows drawn. */
async function familyWindow(t: TestContext, settings: Record<string, unknown> = {}): Promise<{ workbench: Workbench; browser: Browser; pids: Record<string, number> }> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'procession-reload-')));
  const after = closing(t);
  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  cpSync(join(__dirname, 'programs'), folder, { recursive: true });
  const workbench = await openWorkbench({ folder, install: [vsix()], settings });
  after(() => workbench.close());
  return workbench.showing(async () => {
    const browser = await runFile(workbench, 'family.py');
    const pids = await family(browser);
    return { workbench, browser, pids };
  });
}

const names = ['MainProcess', 'quiet', 'parent', 'grandchild', 'watcher'];

/** The pids of the family, when all of it is drawn alive. */
const family = (browser: Browser): Promise<Record<string, number>> => until('the family', async () => {
  const rows = (await browser.rows(view)).filter((row) => names.includes(row.label) && isLive(row) && pidIn(row) > 0);
  return rows.length === names.length && Object.fromEntries(rows.map((row) => [row.label, pidIn(row)]));
});

const openView = (workbench: Workbench): Promise<void> => workbench.page.locator('.part.activitybar .action-label[aria-label^="Procession"]').first().click({ timeout: 60_000 });
const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

/** The members can still be ended, one and all, and the tree says by whom. */
async function steer(browser: Browser, pids: Record<string, number>): Promise<void> {
  await browser.clickInline(view, 'quiet', 'Terminate');
  await until('the end of quiet', async () => (await browser.rows(view)).some(({ label, description }) => label === 'quiet' && /−15 SIGTERM, terminated by Procession/.test(description)));
  await browser.quickly('F1', 'Procession: Stop');
  await until('the end of all', () => Promise.resolve(Object.values(pids).every((pid) => !isAlive(pid))));
}

test('Reload Window while a run is on: the program goes on, the tree is there again, and can be steered', { timeout: 240_000 }, async (t) => {
  const { workbench, browser, pids } = await familyWindow(t);
  await workbench.showing(async () => {
    await workbench.page.reload({ waitUntil: 'domcontentloaded' });
    await openView(workbench);
    assert.deepEqual(await family(browser), pids);
    await steer(browser, pids);
  });
});

test('procession.onClose "stop": a reloaded window keeps its run, a closed one takes it along', { timeout: 240_000 }, async (t) => {
  const { workbench, pids } = await familyWindow(t, { 'procession.onClose': 'stop' });
  await workbench.showing(async () => {
    await workbench.page.reload({ waitUntil: 'domcontentloaded' });
    await openView(workbench);
    assert.deepEqual(await family(pageBrowser(workbench.page)), pids);
  });
  const hosts = extensionHosts().filter((host) => belongsTo(host, workbench));
  await workbench.page.close();
  // A server waits for hours for a page that may come back: this is what it does in the end.
  for (const host of hosts) if (isAlive(host)) process.kill(host, 'SIGKILL');
  assert.ok(Object.values(pids).every((pid) => isAlive(pid)));
  await until('the end of all', () => Promise.resolve(Object.values(pids).every((pid) => !isAlive(pid))));
});

test('the extension host is killed while a run is on: what happened meanwhile is in the tree afterwards', { timeout: 240_000 }, async (t) => {
  const { workbench, browser, pids } = await familyWindow(t);
  const hosts = extensionHosts();
  assert.ok(hosts.length > 0);
  for (const host of hosts) if (belongsTo(host, workbench)) process.kill(host, 'SIGKILL');
  process.kill(pids.grandchild ?? 0, 'SIGTERM');
  await workbench.showing(async () => {
    await workbench.page.reload({ waitUntil: 'domcontentloaded' });
    await openView(workbench);
    await until('the end of the grandchild', async () => (await browser.rows(view)).some(({ label, description }) => label === 'grandchild' && description.includes('SIGTERM')));
    assert.ok(['MainProcess', 'quiet', 'parent', 'watcher'].every((name) => isAlive(pids[name] ?? 0)), 'the others go on');
    await steer(browser, pids);
  });
});

test('a scoped breakpoint keeps its scope over a reload, says so, and can be freed of it', { timeout: 240_000 }, async (t) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'procession-reload-')));
  const after = closing(t);
  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  cpSync(join(__dirname, 'programs', 'family.py'), join(folder, 'family.py'));
  const workbench = await openWorkbench({ folder, install: [vsix()] });
  after(() => workbench.close());
  await workbench.showing(async () => {
    const browser = pageBrowser(workbench.page);
    const lenses = async (): Promise<string> => (await browser.texts('.codelens-decoration')).join().replaceAll('\u00a0', ' ');
    const breakpoints = (kind: string): Promise<number> => workbench.page.locator(`.glyph-margin-widgets .codicon-debug-breakpoint${kind}`).count();
    await openFile(workbench, 'family.py');
    await browser.quickly('F1', 'Procession: Break in Members Named…');
    await answer(browser, 'Break in Members Named', 'watch*');
    await until('the lens', async () => (await lenses()).includes('breaks only in processes named watch*'));
    await until('the editor to have stored it', () => workbench.page.evaluate<boolean>(storedBreakpoint));
    await workbench.page.reload({ waitUntil: 'domcontentloaded' });
    await openFile(workbench, 'family.py');
    await until('the lens again', async () => (await lenses()).includes('breaks only in processes named watch*'));
    assert.equal(await breakpoints('-conditional'), 1);
    await browser.click('.codelens-decoration a');
    await until('a breakpoint for all', async () => (await breakpoints('-conditional')) === 0 && (await breakpoints('')) === 1);
    await until('no lens', async () => (await lenses()) === '');
  });
});

/** Whether the workbench's storage in the page has a breakpoint with a scope: it is written some seconds after the change. */
const storedBreakpoint = `(async () => {
  const asked = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
  for (const { name } of await indexedDB.databases()) {
    if (!name.startsWith('vscode-web-state-db-')) continue;
    const database = await asked(indexedDB.open(name));
    try {
      if (String(await asked(database.transaction('ItemTable').objectStore('ItemTable').get('debug.breakpoint'))).includes('only in')) return true;
    } finally {
      database.close();
    }
  }
  return false;
})()`;

/** Processes of VS Code servers that run extensions. */
function extensionHosts(): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => commandOf(pid).includes('--type=extensionHost'));
}

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
};

/** Other tests may have servers of their own: only ours is hurt. */
function belongsTo(pid: number, workbench: Workbench): boolean {
  for (let at = pid; at > 1;) {
    if (at === workbench.server.pid) return true;
    at = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${at}/status`, 'utf8'))?.[1] ?? 0);
  }
  return false;
}

test('Reload Window while a workload is on: its runner goes on, and the window finds it again', { timeout: 240_000 }, async (t) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'procession-reload-')));
  const after = closing(t);
  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  cpSync(join(__dirname, 'programs', 'workload_rows.py'), join(folder, 'workload_rows.py'));
  writeFileSync(join(folder, 'halves.workload.json'), JSON.stringify({ run: { python: 'workload_rows.py:half' }, over: { range: [0, 300] }, workers: 2 }));
  const workbench = await openWorkbench({ folder, install: [vsix()], env: { XDG_STATE_HOME: join(folder, '.state') } });
  after(() => workbench.close());
  await workbench.showing(async () => {
    const browser = pageBrowser(workbench.page);
    const row = (what: string, label: RegExp, description: RegExp): Promise<RenderedRow> =>
      until(what, async () => (await browser.rows(view)).find((one) => label.test(one.label) && description.test(one.description)));
    await browser.quickly('F1', 'Procession: Run Across Cores');
    const before = pidIn(await row('a worker', /^worker 1$/, /^row \d+ for /));
    await workbench.page.reload({ waitUntil: 'domcontentloaded' });
    await openView(workbench);
    assert.equal(pidIn(await row('the same worker', /^worker 1$/, /^row \d+ for /)), before);
    await row('what came out', /^299 of 300 done$/, /^1 failed$/);
    await row('the failed task', /^row 3$/, /^ValueError: three is bad/);
  });
});

test('a workload that a terminal has started before the window opens is in its view, and stays there after a reload', { timeout: 240_000 }, async (t) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'procession-reload-')));
  const after = closing(t);
  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  cpSync(join(__dirname, 'programs', 'workload_rows.py'), join(folder, 'workload_rows.py'));
  const env = { XDG_STATE_HOME: join(folder, '.state') };
  const child = spawn(process.execPath, [join(repository, 'dist', 'cli.js'), 'map', '--python', 'workload_rows.py:half', '--range', '10:2000'], { cwd: folder, stdio: 'ignore', env: { ...process.env, ...env } });
  after(async () => {
    const ended = once(child, 'exit');
    if (child.exitCode === null && child.kill('SIGTERM')) await ended;
  });
  const workbench = await openWorkbench({ folder, install: [vsix()], env });
  after(() => workbench.close());
  await workbench.showing(async () => {
    const browser = pageBrowser(workbench.page);
    const worker = (): Promise<number> => until('a worker', async () => {
      const found = (await browser.rows(view)).find(({ label, description }) => label === 'worker 1' && /^row \d+ for /.test(description));
      return found && pidIn(found);
    });
    await openView(workbench);
    const before = await worker();
    await workbench.page.reload({ waitUntil: 'domcontentloaded' });
    await openView(workbench);
    assert.equal(await worker(), before);
  });
});

test('two windows without a folder: each has its own runs, and a reloaded one finds them again', { timeout: 240_000 }, async (t) => {
  const runs = realpathSync(mkdtempSync(join(tmpdir(), 'procession-reload-')));
  const after = closing(t);
  after(() => rmSync(runs, { recursive: true, force: true, maxRetries: 5 }));
  const workbench = await openWorkbench({ install: [vsix()], env: { PROCESSION_RUNS: runs }, settings: { 'procession.console': 'internalConsole' } });
  after(() => workbench.close());
  const shown = async (browser: Browser): Promise<string> => (await browser.rows(view)).filter(({ level }) => level === 1).map(({ label }) => label).join();
  const run = async (browser: Browser, command: string): Promise<void> => {
    await browser.quickly('F1', 'Procession: Run Command…');
    await answer(browser, 'Run Command', command);
  };
  await workbench.showing(async () => {
    const one = pageBrowser(workbench.page);
    await run(one, 'sleep 600');
    await until('the first run', async () => (await shown(one)) === 'sleep 600');
    const page = await workbench.page.context().browser()?.newPage();
    assert.ok(page);
    await page.goto(workbench.server.url({}), { waitUntil: 'domcontentloaded' });
    const two = pageBrowser(page);
    await run(two, 'tail -f /dev/null');
    await until('the second run', async () => (await shown(two)).includes('tail'));
    assert.equal(await shown(two), 'tail -f /dev/null');
    await page.screenshot({ path: join(repository, 'out', 'host', 'nameless.png') });
    await workbench.page.reload({ waitUntil: 'domcontentloaded' });
    await openView(workbench);
    await until('the first run again', async () => (await shown(one)) === 'sleep 600');
  });
});

test('two windows on one folder: a run that one of them removes goes from the other too, and nothing is said of it', { timeout: 240_000 }, async (t) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'procession-reload-')));
  const after = closing(t);
  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const runs = realpathSync(mkdtempSync('/dev/shm/procession-reload-'));
  after(() => rmSync(runs, { recursive: true, force: true, maxRetries: 5 }));
  const workbench = await openWorkbench({ folder, install: [vsix()], env: { PROCESSION_RUNS: runs }, settings: { 'procession.console': 'internalConsole' } });
  after(() => workbench.close());
  const texts = async (browser: Browser): Promise<string> => (await browser.rows(view)).map(({ label, description }) => `${label}: ${description}`).join('; ');
  await workbench.showing(async () => {
    const one = pageBrowser(workbench.page);
    for (const command of ['sleep 0.1', 'sleep 600']) {
      await one.quickly('F1', 'Procession: Run Command…');
      await answer(one, 'Run Command', command);
    }
    await until('one to end, and its record to be moved', async () => /sleep 0\.1: ended/.test(await texts(one)) && readdirSync(runs).length === 1);
    const page = await workbench.page.context().browser()?.newPage();
    assert.ok(page);
    await page.goto(workbench.server.url({ folder }), { waitUntil: 'domcontentloaded' });
    await page.locator('.part.activitybar .action-label[aria-label^="Procession"]').first().click({ timeout: 60_000 });
    const two = pageBrowser(page);
    await until('both in the second window', async () => /sleep 0\.1: ended/.test(await texts(two)) && /sleep 600: running/.test(await texts(two)));
    await two.clickMenu(view, 'sleep 0.1', 'Remove');
    await until('the ended one to go from the first', async () => !(await texts(one)).includes('sleep 0.1'));
    await two.quickly('F1', 'Procession: Stop');
    await until('the end of the other', async () => /sleep 600: ended/.test(await texts(two)) && /sleep 600: ended/.test(await texts(one)));
    await one.clickMenu(view, 'sleep 600', 'Remove');
    for (const browser of [one, two]) await until('no row is left', async () => (await browser.rows(view)).length === 0);
  });
});

test('a folder that is trusted is never called untrusted, not even while its window starts', { timeout: 240_000 }, async (t) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'procession-reload-')));
  const after = closing(t);
  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const workbench = await openWorkbench({ folder, install: [vsix()], trusted: false });
  after(() => workbench.close());
  const { page } = workbench;
  await workbench.showing(async () => {
    const browser = pageBrowser(page);
    const welcome = async (): Promise<string> => (await browser.texts('.welcome-view-content')).join();
    await openView(workbench);
    await until('the reason in a folder that is not trusted', async () => (await welcome()).includes('This workspace is not trusted'));
    await browser.quickly('F1', 'Workspaces: Manage Workspace Trust');
    await browser.click('.workspace-trust-editor .monaco-button:has-text("Trust")');
    await until('the welcome', async () => (await welcome()).includes('Run a program'));
    await page.addInitScript(watchWelcome);
    await page.reload({ waitUntil: 'domcontentloaded' });
    await page.waitForSelector('.monaco-workbench .part.statusbar .statusbar-item', { timeout: 90_000 });
    await until('the welcome again', async () => (await welcome()).includes('Run a program'));
    assert.deepEqual(await page.evaluate<string[]>('window.welcomes'), ['Run a program']);
  });
});

// Text, because it runs in the page: what the welcome has said, in its order.
const watchWelcome = `(() => {
  window.welcomes = [];
  new MutationObserver(() => {
    const said = /Run a program|not trusted/.exec(document.querySelector('.welcome-view-content')?.textContent ?? '')?.[0];
    if (said && window.welcomes.at(-1) !== said) window.welcomes.push(said);
  }).observe(document, { subtree: true, childList: true, characterData: true });
})()`;

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { refOf } from '../../../src/observe/system/identity';
import { takeLease } from '../../../src/observe/record/lease';
import { liveRunsFolder } from '../../../src/observe/record/runDirectory';
import type { Browser, RenderedRow } from '../browser';
import { test, type TestContext } from '../inside/testing';
import { api, example, folder, showView, tidy, untilRow, untilRun, view } from './support';

/** How old the numbers on the screen are, in the row of a program that grows all the time and in that of its run. */

/** ms that a number may be old, in a small tree and in one of more than sixty rows */
const limits = { small: 2_000, big: 5_000 };
const watched = 20_000;

/** What the operating system says of the program at a time. */
interface Truth {
  t: number;
  megabytes: number;
  alive: number;
}

function truthOf(pid: number): Truth {
  const proc = `/proc/${pid}`;
  const pages = Number(readFileSync(`${proc}/statm`, 'utf8').split(' ')[1]);
  const children = readdirSync(`${proc}/task`).flatMap((task) => readFileSync(`${proc}/task/${task}/children`, 'utf8').split(' ').filter(Boolean));
  return { t: Date.now(), megabytes: Math.round((pages * 4096) / 1024 ** 2), alive: 1 + children.length };
}

/** Watches the program until the end of time, and knows what was true when. */
class Witness {
  readonly #truths: Truth[] = [];
  readonly #timer: NodeJS.Timeout;
  /** the longest time that this host was held up, by others on the machine */
  heldUp = 0;

  constructor(pid: number) {
    this.#truths.push(truthOf(pid));
    this.#timer = setInterval(() => {
      const last = this.#truths.at(-1);
      this.#truths.push(truthOf(pid));
      this.heldUp = Math.max(this.heldUp, Date.now() - (last?.t ?? 0) - 50);
    }, 50);
  }

  /** ms since a number that only grows was true the last time. */
  age(kind: 'megabytes' | 'alive', shown: number): number {
    const last = this.#truths.findLast((truth) => truth[kind] <= shown) ?? this.#truths[0];
    return Date.now() - (last?.t ?? 0);
  }

  dispose(): void {
    clearInterval(this.#timer);
  }
}

const numberIn = ({ description }: RenderedRow, pattern: RegExp): number => Number(pattern.exec(description)?.[1] ?? Number.NaN);

interface Growing {
  id: string;
  pid: number;
}

async function growing(how = 'children'): Promise<Growing> {
  const id = await (await api()).launch({ command: ['node', example('programs/growing.cjs'), how], cwd: folder(), console: 'internalConsole' });
  const { members } = await untilRun(id, 'the program', (report) => report.members.some(({ role, state, runtime, threads }) => role === 'root' && state === 'running' && runtime === 'node' && threads.length === 2));
  return { id, pid: members.find(({ role }) => role === 'root')?.pid ?? 0 };
}

/** Does something again and again while the rows are watched. `shown`: rows are there to be looked at. */
interface Doing {
  act?: (browser: Browser, turn: number) => Promise<unknown>;
  /** ms after an act that hides the view, in which it may still show what it did before */
  grace?: number;
  limit?: number;
}

/** Fails where a number of the program's row or of its run's is too old. */
async function watch(browser: Browser, { pid }: Growing, { act, grace = 0, limit = limits.small }: Doing = {}): Promise<void> {
  const isProgram = ({ description }: RenderedRow): boolean => new RegExp(`\\b${pid}\\b`).test(description);
  await untilRow(browser, 'the row of the program', isProgram);
  const witness = new Witness(pid);
  const late: string[] = [];
  const worst: Record<string, number> = {};
  let looks = 0;
  try {
    let ready = Date.now() + 2_500;
    for (const [end, began] = [Date.now() + watched, Date.now()] as const; Date.now() < end; looks++) {
      await act?.(browser, looks);
      if (grace > 0 && act && looks % 30 === 0) ready = Math.max(ready, Date.now() + grace);
      const asked = Date.now();
      const rows = await browser.rows(view);
      const heldUp = Date.now() - asked + witness.heldUp;
      const root = rows.find(isProgram);
      const header = rows.find(({ level, description }) => level === 1 && description.startsWith('running'));
      assert.ok(root && header, `the rows of run and program are there: ${rows.map(({ label, description }) => `${label} ${description}`).join('; ')}`);
      const ages = { memory: witness.age('megabytes', numberIn(root, /([\d.]+) MB/)), alive: witness.age('alive', numberIn(header, /(\d+) alive/)) };
      for (const [what, age] of Object.entries(ages)) {
        if (Date.now() > ready) worst[what] = Math.max(worst[what] ?? 0, age);
        if (Date.now() > ready && age > limit + heldUp) late.push(`after ${Date.now() - began} ms: ${what} ${age} ms old, in "${root.description}" and "${header.description}"`);
      }
      await new Promise((done) => setTimeout(done, 150));
    }
  } finally {
    witness.dispose();
  }
  if (process.env.PROCESSION_TEST_AGES) appendFileSync(process.env.PROCESSION_TEST_AGES, `${JSON.stringify({ pid, worst, looks, heldUp: witness.heldUp })}\n`);
  assert.deepEqual(late, []);
  assert.ok(looks > 20, `${looks} looks`);
}

/** A run that has ended, with so many rows. */
async function ended(rows: number): Promise<void> {
  const code = `import multiprocessing as m\nps = [m.Process(target=print) for _ in range(${rows})]\n[p.start() for p in ps]\n[p.join() for p in ps]`;
  const id = await (await api()).launch({ command: ['python3', '-c', code], cwd: folder(), console: 'internalConsole' });
  await untilRun(id, 'its end', ({ run }) => run.endedAt !== null);
}

function fresh(name: string, run: (context: TestContext, browser: Browser) => Promise<void>): void {
  test(`numbers are fresh: ${name}`, async (context) => {
    tidy(context);
    await showView();
    await context.look((browser) => run(context, browser));
  }, { limit: 120_000, browserOnly: true });
}

fresh('of a program with children, alone in the view', async (_, browser) => {
  await watch(browser, await growing());
});

fresh('of a program whose rows stay the same, below the many rows of runs before', async (_, browser) => {
  for (let run = 0; run < 3; run++) await ended(25);
  await watch(browser, await growing('alone'));
});

fresh('beside a run whose members come and go all the time', async (_, browser) => {
  const code = 'import subprocess, time\nfor _ in range(400):\n  subprocess.run(["true"]); time.sleep(0.05)';
  await (await api()).launch({ command: ['python3', '-c', code], cwd: folder(), console: 'internalConsole' });
  await watch(browser, await growing());
});

fresh('beside many runs that are on', async (_, browser) => {
  const { launch } = await api();
  for (let run = 0; run < 8; run++) await launch({ command: ['sh', '-c', 'sleep 60 & sleep 60'], cwd: folder(), console: 'internalConsole' });
  await watch(browser, await growing());
});

fresh('under a mouse that hovers', async (_, browser) => {
  await watch(browser, await growing(), { act: (at, turn) => at.hover(`.pane .monaco-list-row[aria-level="${1 + (turn % 3)}"]`).catch(() => undefined) });
});

fresh('of rows that are selected', async (_, browser) => {
  await watch(browser, await growing(), { act: async (at, turn) => (turn % 10 === 5 ? at.clickRow(view, turn % 20 === 5 ? 'growing.cjs' : 'sleep').catch(() => undefined) : undefined) });
});

fresh('with the view Stacks beside it', async (_, browser) => {
  const program = await growing();
  await vscode.commands.executeCommand('procession.showStacks', { row: { kind: 'run', report: { run: { id: program.id } } } });
  await watch(browser, program, { act: async (_browser, turn) => (turn % 20 === 10 ? vscode.commands.executeCommand('procession.refreshStacks') : undefined) });
});

fresh('in a view that is hidden and shown', async (_, browser) => {
  await watch(browser, await growing(), {
    grace: 1_000,
    act: async (_browser, turn) => {
      if (turn % 30 !== 0) return;
      await vscode.commands.executeCommand('workbench.view.explorer');
      await new Promise((done) => setTimeout(done, 3_000));
      await showView();
    },
  });
});

fresh('of a program with a hundred children', async (_, browser) => {
  await watch(browser, await growing('100'), { limit: limits.big });
});

fresh('of a program whose rows are folded', async (_, browser) => {
  const program = await growing();
  await browser.clickRow(view, 'growing.cjs');
  await browser.press('ArrowLeft');
  await watch(browser, program);
  assert.equal((await browser.rows(view)).some(({ level }) => level > 2), false, 'it is folded');
});

fresh('while others look at the run and leave again', async (context, browser) => {
  const program = await growing();
  const other = spawn('sleep', ['60'], { stdio: 'ignore' });
  context.after(() => other.kill('SIGKILL'));
  const ref = refOf(other.pid ?? 0);
  await watch(browser, program, {
    act: async (_browser, turn) => {
      if (turn === 60) other.kill('SIGKILL');
      if (turn % 10 === 0) takeLease(join(liveRunsFolder(), program.id), ref, turn % 20 === 0 ? 'hidden' : 'visible');
      return Promise.resolve();
    },
  });
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { stopRun } from '../../src/launch/steer';
import { ownRef } from '../../src/launch/launcher';
import { EventFile } from '../../src/observe/record/eventFile';
import { readRun } from '../../src/observe/record/readRun';

/** Stop, again and again, on a program that makes it hard. `PROCESSION_STOP_CYCLES` says how often. */

const cycles = Number(process.env.PROCESSION_STOP_CYCLES ?? 10);
const cli = resolve(import.meta.dirname, '../../dist/cli.js');

/** Twelve members: two that ignore SIGTERM and SIGINT, one that has left its parent and its session. */
const program = `
import multiprocessing, os, signal, sys, time

def wait():
    while True:
        time.sleep(60)

def stubborn():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    wait()

def leave():
    os.setsid()
    if os.fork() == 0:
        wait()
    os._exit(0)

if __name__ == '__main__':
    context = multiprocessing.get_context('fork')
    for number in range(10):
        target = stubborn if number < 2 else leave if number == 2 else wait
        context.Process(name=f'member-{number}', target=target).start()
    wait_for = context.Process(name='last', target=wait)
    wait_for.start()
    wait()
`;

/** Living processes that carry the mark of a run, as the operating system tells it. */
function marked(run: string): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`|${run}\0`) && !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return false;
    }
  });
}

async function until(what: string, look: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    if (look()) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error(`waited 20 s for: ${what}`);
}

test(`${cycles} times Stop on twelve members, some of which resist: nobody survives`, { skip: process.platform !== 'linux' && 'counts in /proc', timeout: cycles * 15_000 + 30_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'procession-stop-'));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const file = join(folder, 'crew.py');
  writeFileSync(file, program);
  const survivors: number[] = [];
  for (let cycle = 0; cycle < cycles; cycle++) {
    const run = join(folder, `run-${cycle}`);
    mkdirSync(run);
    const child = spawn(process.execPath, [cli, 'run', '--wait', '--record', run, '--', 'python3', file], { stdio: 'ignore' });
    const ended = once(child, 'close');
    await until('twelve members', () => marked(run).length === 12 && readRun(run).report.members.filter(({ state }) => state === 'running').length === 12);
    const steering = { file: new EventFile(run, 'window', ownRef()) };
    const left = await stopRun(steering, { signals: ['SIGINT', 'SIGTERM', 'SIGKILL'], timeout: 200, members: () => readRun(run).report.members, pause: (ms) => new Promise((done) => setTimeout(done, ms)) });
    steering.file.close();
    const found = marked(run);
    survivors.push(...found);
    for (const pid of found) process.kill(pid, 'SIGKILL');
    assert.deepEqual(left, [], 'what Stop itself says');
    await ended;
    rmSync(run, { recursive: true, force: true });
  }
  assert.equal(survivors.length, 0);
  t.diagnostic(`${cycles} cycles, ${cycles * 12} members, ${survivors.length} survivors`);
});

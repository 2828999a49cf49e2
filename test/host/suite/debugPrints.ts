import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { configuration, debug, watchSessions } from '../debugging/session';
import { test, until, type TestContext } from '../inside/testing';
import { reportOf, tidy, untilRun } from './support';

/** What the Debug Console shows of a program and its children, which have no session. */

const limit = { limit: 120_000 };

/** The lines that the sessions of a run have put into the Debug Console, by their label; '' for those of the root and of nobody who is known. */
async function printedBy(t: TestContext, of: vscode.DebugConfiguration): Promise<{ lines: Map<string, string[]>; output: string; sessions: string[] }> {
  tidy(t);
  const watched = watchSessions(t);
  const sessions: string[] = [];
  let output = '';
  const listening = [
    vscode.debug.onDidStartDebugSession(({ name }) => { sessions.push(name); }),
    vscode.debug.registerDebugAdapterTrackerFactory('*', { createDebugAdapterTracker: () => ({
      onDidSendMessage: ({ event, body }: { event?: string; body?: { category?: string; output?: string } }) => {
        if (event === 'output' && (body?.category === 'stdout' || body?.category === 'stderr')) output += body.output ?? '';
      },
    }) }),
  ];
  t.after(() => listening.forEach((one) => void one.dispose()));
  const id = await debug(of);
  await untilRun(id, 'the end', ({ run }) => run.endedAt !== null, 60_000);
  await until('the sessions have ended', () => watched.sessions.length === 0);
  const names = new Set((await reportOf(id)).members.map(({ name, pid }) => `${name} [${pid}]`));
  const lines = new Map<string, string[]>();
  for (const line of output.split('\n').filter(Boolean)) {
    const [, label = '', text = line] = /^(\S.*? \[\d+\]): (.*)$/.exec(line) ?? [];
    if (label !== '') assert.ok(names.has(label), `${label} is a member`);
    const name = label.replace(/ \[\d+\]$/, '');
    lines.set(name, [...(lines.get(name) ?? []), text]);
  }
  return { lines, output, sessions };
}

const counted = (name: string): string[] => Array.from({ length: 30 }, (_, number) => `${name} ${number}`);
const times = (text: string, part: string): number => text.split(part).length - 1;

test('the Debug Console shows what children of a Python program print, and their children, with their names, once and in order', async (t) => {
  const { lines, output } = await printedBy(t, configuration('debug_prints.py', { args: [process.execPath], env: { ELECTRON_RUN_AS_NODE: '1' } }));
  for (const name of ['crew-0', 'crew-1', 'crew-2']) assert.deepEqual(lines.get(name), [...counted(name), `${name} has thguac`], `${name}: ${output}`);
  assert.deepEqual(lines.get('')?.filter((line) => !/^\s*$/.test(line)), ['root begins', 'by the shell', 'root ends']);
  for (const name of ['crew-0', 'crew-1', 'crew-2']) assert.equal(times(output, `: below ${name}\n`), 1);
  assert.equal(times(output, ': by Node\n'), 1);
  assert.deepEqual([output.includes('hidden'), times(output, 'caught')], [false, 0]);
}, limit);

test('the Debug Console shows what children of a Node program print, and their children, with their names, once and in order', async (t) => {
  const { lines, output, sessions } = await printedBy(t, configuration('debug_prints.cjs', { args: ['root', 'python3'] }));
  const printed = lines.get('debug_prints.cjs') ?? [];
  for (const name of ['crew-0', 'crew-1', 'crew-2']) assert.deepEqual(printed.filter((line) => line.startsWith(`${name} `)), [...counted(name), `${name} on stderr`], name);
  assert.deepEqual([times(output, 'root begins'), times(output, 'root ends'), times(output, ': below below\n'), times(output, ': by Python\n'), times(output, 'worker 1 ['), times(output, 'in the cluster')], [1, 1, 1, 1, 1, 1], output);
  assert.deepEqual([output.includes('hidden'), output.includes('in a pipe')], [false, false]);
  assert.equal(sessions.filter((name) => name === 'output of its children').length, 1);
}, limit);

test('children that have sessions of their own are shown once, too', async (t) => {
  for (const program of ['debug_prints.py', 'debug_prints.cjs']) {
    const { output } = await printedBy(t, configuration(program, { debugChildren: 'all' }));
    for (const name of ['crew-0', 'crew-1', 'crew-2']) for (const line of [0, 15, 29]) assert.equal(times(output, `${name} ${line}\n`), 1, `${program}: ${name} ${line}`);
  }
}, limit);

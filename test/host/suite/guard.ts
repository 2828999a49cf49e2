import assert from 'node:assert/strict';
import { join } from 'node:path';
import { liveRunsFolder, readDescription } from '../../../src/observe/record/runDirectory';
import { configuration, debug, watchSessions } from '../debugging/session';
import { test, until } from '../inside/testing';
import { api, folder, isAlive, tidy, untilRun } from './support';

/** What the window does when what observes a run is killed. */

const limit = { limit: 90_000 };

const observerOf = (id: string): number => Number.parseInt(readDescription(join(liveRunsFolder(), id))?.observer ?? '0', 10);

/** Kills whoever observes a run; resolves when another one does. */
async function replaced(id: string): Promise<void> {
  const before = await until('the observer', () => observerOf(id) > 0 && observerOf(id));
  process.kill(before, 'SIGKILL');
  await until('another observer', () => observerOf(id) !== before && observerOf(id) > 0 && isAlive(observerOf(id)));
}

test('the launcher of a run is killed, and the observer after it: the run goes on, is observed, and its end is told', async (t) => {
  tidy(t);
  const id = await (await api()).launch({ command: ['sh', '-c', 'sleep 600 & exec sleep 600'], cwd: folder(), console: 'internalConsole' });
  await untilRun(id, 'two processes', ({ members }) => members.filter(({ state }) => state === 'running').length === 2);
  await replaced(id);
  await replaced(id);
  const { members } = await untilRun(id, 'two processes still', (report) => report.members.filter(({ state }) => state === 'running').length === 2);
  for (const { pid } of members) process.kill(pid, 'SIGTERM');
  const report = await untilRun(id, 'the end', ({ run }) => run.endedAt !== null);
  assert.deepEqual(report.members.map(({ state }) => state), ['exited', 'exited']);
}, limit);

test('the observer of a debugged run is killed: another comes, and the program ends with its debugger all the same', async (t) => {
  tidy(t);
  const watched = watchSessions(t);
  const id = await debug(configuration('debug_states.py', { stopTimeout: 1 }));
  const report = await untilRun(id, 'all members live', (now) => now.members.filter(({ state }) => state === 'running').length >= 5, 40_000);
  await replaced(id);
  assert.ok(report.members.some(({ pid }) => isAlive(pid)));
  await watched.sessions[0]?.customRequest('disconnect', { terminateDebuggee: true });
  await until('nobody lives', () => report.members.every(({ pid }) => !isAlive(pid)), 20_000);
  await untilRun(id, 'the end', ({ run }) => run.endedAt !== null);
}, limit);

test('Stop of a session whose launcher is killed at the very start comes to an end', async (t) => {
  tidy(t);
  const watched = watchSessions(t);
  const id = await debug({ name: 'Killed', type: 'procession', request: 'launch', noDebug: true, command: ['sleep', '600'], cwd: folder(), console: 'internalConsole' });
  process.kill(await until('the launcher', () => observerOf(id) > 0 && observerOf(id)), 'SIGKILL');
  const [session] = watched.sessions;
  await session?.customRequest('terminate');
  await until('the session has ended', () => watched.sessions.length === 0, 30_000);
  await untilRun(id, 'the end', ({ run, members }) => run.endedAt !== null && members.every(({ pid }) => !isAlive(pid)), 30_000);
}, limit);

import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import * as vscode from 'vscode';
import type { Member } from '../../../src/api';
import { configuration, watchSessions } from '../debugging/session';
import { test, until, type TestContext } from '../inside/testing';
import { api, tidy, untilRun } from './support';

const limit = { limit: 60_000 };

/** A member that ticks, of a program that was started without a debugger, and what attaches to it. */
async function ticking(t: TestContext, file: string): Promise<{ id: string; member: Member; attach: () => Thenable<unknown> }> {
  tidy(t);
  const { program, python } = configuration(file) as { program: string; python: string } & vscode.DebugConfiguration;
  const id = await (await api()).launch({ program, ...(file.endsWith('.py') ? { python } : {}), console: 'internalConsole' });
  const ticks = ({ name, argv }: Member): boolean => name === 'ticker' || argv.includes('tick');
  const { members } = await untilRun(id, 'it ticks', (now) => now.members.some((one) => ticks(one) && one.state === 'running'), 30_000);
  const member = members.find(ticks);
  assert.ok(member);
  return { id, member, attach: () => vscode.commands.executeCommand('procession.attachDebugger', { row: { kind: 'member', run: id, member } }) };
}

for (const [what, file] of [['Python', 'debug_states.py'], ['Node', 'debug_tree.cjs']] as const) {
  test(`Attach Debugger, chosen twice at once, attaches once: ${what}`, async (t) => {
    const { member, attach } = await ticking(t, file);
    const watched = watchSessions(t);
    const began: string[] = [];
    const listening = vscode.debug.onDidStartDebugSession(({ id, parentSession }) => { if (!parentSession) began.push(id); });
    t.after(() => listening.dispose());
    await Promise.all([attach(), attach()]);
    assert.deepEqual([began.length, watched.refusals], [1, []]);
    assert.ok(watched.sessions.some(({ name }) => name === `${member.name} [${member.pid}]`), 'it is attached when the command has ended');
    await attach();
    assert.equal(began.length, 1, 'a third time it is shown only');
  }, limit);
}

function socketsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}

test('Attach Debugger to Node that comes to nothing leaves no open inspector behind', async (t) => {
  const { member, attach } = await ticking(t, 'debug_tree.cjs');
  const sockets = (): number => socketsOf(member.pid);
  const before = sockets();
  let most = before;
  const refusing = vscode.debug.registerDebugConfigurationProvider('pwa-node', {
    resolveDebugConfiguration: () => {
      most = sockets();
      return undefined;
    },
  });
  await attach();
  refusing.dispose();
  assert.ok(most > before, 'it was open');
  await until('it is closed', () => sockets() === before);
}, limit);

test('the inspector that Attach Debugger has opened is closed when its session ends', async (t) => {
  const { id, member, attach } = await ticking(t, 'debug_tree.cjs');
  const watched = watchSessions(t);
  const before = socketsOf(member.pid);
  for (let time = 0; time < 2; time++) {
    await attach();
    assert.ok(socketsOf(member.pid) > before, 'it is open');
    await vscode.commands.executeCommand('procession.detachDebugger', { row: { kind: 'member', run: id, member } });
    await until('it is closed', () => socketsOf(member.pid) === before);
    await until('its session has ended', () => watched.sessions.length === 0);
  }
}, limit);

import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Member } from '../../src/core/members';
import type { Report } from '../../src/core/report';
import { askProbe } from '../../src/insight/probeRequest';
import { isSame, refOf } from '../../src/observe/system/identity';
import { namespacePidsOf } from '../../src/observe/system/linux/ownProc';
import { readRun } from '../../src/observe/record/readRun';
import { until } from './mapping';
import { runBare, runObserved } from './report';

/** Programs in pid namespaces of their own, as containers and sandboxes make them: with a /proc of their own, and with that of outside. */

const cli = resolve(import.meta.dirname, '../../dist/cli.js');
const folder = mkdtempSync(join(tmpdir(), 'procession-namespaces-'));
const python = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).stdout?.trim() ?? '';

/** How this machine makes a pid namespace; undefined where it does not let us. */
const unshare = [[], ['--user', '--map-root-user']]
  .map((user) => ['unshare', ...user, '--fork', '--pid'])
  .find(([program = '', ...args]) => process.platform === 'linux' && spawnSync(program, [...args, '--mount-proc', 'true']).status === 0);
const skip = unshare === undefined ? 'the system lets us make no pid namespace' : python === '' ? 'needs Python' : false;
const inside = (ownProc: boolean, ...command: string[]): string[] => [...(unshare ?? []), ...(ownProc ? ['--mount-proc'] : []), ...command];

const script = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const crew = script('crew.py', `
import multiprocessing, os, signal, subprocess, sys, time
def work():
    sys.exit(subprocess.run(['sh', '-c', 'sleep 0.5; exit 3']).returncode)
if __name__ == '__main__':
    context = multiprocessing.get_context('fork')
    anna = context.Process(target=work, name='anna')
    anna.start()
    bert = context.Process(target=time.sleep, args=(60,), name='bert', daemon=True)
    bert.start()
    node = subprocess.run([${JSON.stringify(process.execPath)}, '-e', '''
        const child = require('child_process').spawn('sleep', ['60']);
        setTimeout(() => child.kill('SIGINT'), 400);
        require('child_process').spawnSync('sh', ['-c', 'sleep 0.3; exit 5'])'''])
    anna.join()
    os.kill(bert.pid, signal.SIGTERM)
    bert.join()
    print(anna.exitcode, bert.exitcode, node.returncode)
`);

const summary = ({ members }: Report): string[] => {
  const nameOf = (id: string | null | undefined): string | undefined => members.find((member) => member.id === id)?.name;
  return members.map(({ name, parent, inner, daemon, startMethod, exit, endedBy }) =>
    [name, `of ${nameOf(parent) ?? 'nobody'}`, inner ? 'inside' : 'outside', daemon, startMethod, exit?.code ?? exit?.signal, endedBy ? `${endedBy.by} ${nameOf(endedBy.member)} ${endedBy.via}` : ''].join(', '));
};

describe('a program in a pid namespace', { skip }, () => {
  const ended: (() => void)[] = [];
  after(() => {
    for (const end of ended) end();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  for (const ownProc of [true, false]) {
    test(`${ownProc ? 'with a /proc of its own' : 'with the /proc of outside'}: each process is one member under its outer pid, and what is told inside is told of it`, async () => {
      const { stdout, status, report } = await runObserved({ argv: inside(ownProc, python, crew), cwd: folder, env: process.env }, ['--poll', '20']);
      assert.deepEqual([stdout, status], ['3 -15 0\n', 0]);
      // Whether the shell reaped its sleep before a look came is chance, and so is what is known of its end.
      assert.deepEqual(summary(report).filter((line) => !line.startsWith('sleep, of sh')).sort(), [
        'unshare, of nobody, outside, , launch, 0, ',
        'crew.py, of unshare, inside, false, unknown, 0, ',
        'anna, of crew.py, inside, false, fork, 3, ',
        'sh, of anna, inside, , subprocess, 3, ',
        'bert, of crew.py, inside, true, fork, -15, member crew.py os.kill',
        'node -e, of crew.py, inside, , subprocess, 0, ',
        'sleep, of node -e, inside, false, child_process.spawn, SIGINT, member node -e child.kill',
        'sh, of node -e, inside, false, child_process.spawnSync, 5, ',
      ].sort());
      for (const { id, pid, inner } of report.members) {
        assert.match(id, new RegExp(`^${pid}\\.\\d+$`), 'the outer pid');
        if (inner) assert.notEqual(inner.pid, pid);
      }
    });
  }

  /** Starts a recorded run, and resolves when a member is there. */
  async function recorded(name: string, argv: string[], ready: (member: Member) => boolean): Promise<{ record: string; member: Member; child: ChildProcess }> {
    const record = join(folder, name);
    const child = spawn(process.execPath, [cli, 'run', '--poll', '20', '--record', record, '--', ...argv], { stdio: 'ignore' });
    ended.push(() => {
      for (const { id, pid } of readRun(record).report.members) if (isSame(id)) spawnSync('kill', ['-9', String(pid)]);
      child.kill('SIGKILL');
    });
    let found: Member | undefined;
    await until('the member is there', () => {
      found = readRun(record).report.members.find(ready);
      return found !== undefined;
    }, 20_000);
    return { record, member: found as Member, child };
  }
  const open = (record: string, ...args: string[]) => runBare({ argv: [process.execPath, cli, 'open', record, ...args], cwd: folder, env: process.env });

  const twin = script('twin.py', `
import multiprocessing, os, sys, time
def work():
    time.sleep(60)
if __name__ == '__main__':
    for _ in range(100):
        with open('/proc/sys/kernel/ns_last_pid', 'w') as file: file.write(str(int(sys.argv[1]) - 1))
        twin = multiprocessing.get_context('fork').Process(target=work, name='twin')
        twin.start()
        if twin.pid == int(sys.argv[1]): break
        twin.kill()
    twin.join()
`);

  for (const ownProc of [true, false]) {
    test(`${ownProc ? 'with a /proc of its own' : 'with the /proc of outside'}: a stranger outside that has the pid which a member has inside is no member, and is not touched`, async () => {
      const stranger = spawn('sh', ['-c', 'sleep 60 & wait'], { stdio: 'ignore', detached: true });
      ended.push(() => process.kill(-(stranger.pid ?? 0), 'SIGKILL'));
      const pid = stranger.pid ?? 0;
      const isUntouched = (): boolean => stranger.exitCode === null && stranger.signalCode === null;
      const { record, member, child } = await recorded(`twin-${ownProc}`, inside(ownProc, python, twin, String(pid)), ({ name, confirmed, inner }) => name === 'twin' && confirmed && inner?.pid === pid);
      assert.deepEqual([namespacePidsOf(member.pid), member.id], [[member.pid, pid], refOf(member.pid)]);
      for (const action of ['--terminate', '--kill']) {
        const outcome = await open(record, action, String(pid));
        assert.match(outcome.stderr, new RegExp(`There is no process ${pid} in this run`));
      }
      assert.ok(isUntouched());
      await open(record, '--stop');
      assert.ok(isUntouched(), 'Stop');
      await until('all of the run has ended', () => readRun(record).report.run.endedAt !== null, 20_000);
      child.kill('SIGKILL');
      const { members } = readRun(record).report;
      assert.deepEqual(members.filter((one) => one.pid === pid || one.parent === String(pid)), []);
      assert.deepEqual(members.filter(({ name }) => name === 'twin').at(-1)?.endedBy?.by, 'procession');
      assert.ok(isUntouched());
    });

    test(`${ownProc ? 'with a /proc of its own' : 'with the /proc of outside'}: a member is asked for its stack, and terminated, from outside`, async () => {
      // Below a shell: the first process of a namespace ignores what it has no handler for (pid_namespaces(7)).
      const source = script('asked.py', 'import time\ndef here():\n    time.sleep(60)\nhere()\n');
      const { record, member } = await recorded(`asked-${ownProc}`, inside(ownProc, 'sh', '-c', `${python} ${source}; exit`), ({ name, confirmed, version }) => name === 'asked.py' && confirmed && version !== null);
      const { threads } = await askProbe<{ threads: { frames: { function: string }[] }[] }>(record, member, ['stacks'], 10_000);
      assert.ok(threads.some(({ frames }) => frames.some((frame) => frame.function === 'here')), JSON.stringify(threads));
      await open(record, '--terminate', String(member.pid));
      await until('it has ended', () => readRun(record).report.members.find(({ id }) => id === member.id)?.endedAt !== null, 20_000);
    });
  }

  test('below another pid namespace, each of the two knows its own pids', async () => {
    const inner = script('inner.py', 'import time\ntime.sleep(0.7)\n');
    const source = script('nested.py', `import subprocess, sys\nsys.exit(subprocess.run(['unshare', '--fork', '--pid', '--mount-proc', ${JSON.stringify(python)}, ${JSON.stringify(inner)}]).returncode)\n`);
    const { status, report } = await runObserved({ argv: inside(true, python, source), cwd: folder, env: process.env }, ['--poll', '20']);
    assert.equal(status, 0);
    const names = report.members.map(({ name, inner: there, parent }) => [name, there?.pid ?? null, report.members.find(({ id }) => id === parent)?.name ?? null]);
    assert.deepEqual(names.filter(([, , parent]) => parent !== null), [['nested.py', 1, 'unshare'], ['unshare', names[2]?.[1], 'nested.py'], ['inner.py', 1, 'unshare']]);
  });

  test('the launcher below unshare: with the /proc of outside it runs the program as ever, and says that it sees nobody there', async () => {
    const source = script('alone.py', 'import subprocess, sys\nprint("out", flush=True)\nsys.exit(subprocess.run(["sh", "-c", "exit 3"]).returncode + 4)\n');
    for (const ownProc of [true, false]) {
      const report = join(folder, `launcher-${ownProc}.json`);
      const outcome = await runBare({ argv: inside(ownProc, process.execPath, cli, 'run', '--wait', '--report', report, '--', python, source), cwd: folder, env: process.env });
      assert.deepEqual([outcome.stdout, outcome.stderr, outcome.status], ['out\n', '', 7]);
      const { members, problems } = JSON.parse(readFileSync(report, 'utf8')) as Report;
      assert.deepEqual(members.map(({ name, exit, inner }) => [name, exit?.code, inner]), [['alone.py', 7, null], ['sh', 3, null]]);
      assert.equal(problems.messages.some(({ message }) => message.includes('/proc belongs to another pid namespace')), !ownProc);
    }
  });
});

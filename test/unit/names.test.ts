import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Event } from '../../src/core/events';
import type { Member } from '../../src/core/members';
import { titleOf, withoutPadding } from '../../src/core/titles';
import { membersTold, memberTold, reap, root, seen, spawn, start } from './told';

const child = '7.150';
const told = (...events: Event[]): Member => memberTold(child, start(child), ...events);
const name = (name: string, id = child): Event => ({ e: 'self', id, t: 2_100, name });
/** How /proc shows a title that is shorter than the command line was. */
const padded = (title: string): string[] => [title, '', '', '', ''];

describe('titles', () => {
  test('a title is one text where a command line was', () => {
    const titles = ['nginx: worker /etc/nginx/nginx.conf', 'PM2 v7: God Daemon (/home/me/.pm2)', 'sshd: root@pts/0', 'postgres: user db 127.0.0.1(5432) idle', 'ray::IDLE', 'gunicorn: worker [app/wsgi]', 'npm run start'];
    for (const title of titles) {
      assert.equal(titleOf([title], '/usr/bin/node'), title);
      assert.equal(titleOf(padded(title), '/usr/bin/node'), title);
    }
    assert.equal(titleOf(padded('my-app'), '/usr/bin/node'), 'my-app', 'a word alone is one where the rest was zeroed');
    assert.equal(titleOf(['sshd:  root@pts/0  \n']), 'sshd: root@pts/0');
    assert.equal(titleOf(['nginx:', 'worker', 'process']), 'nginx: worker process', 'as ps tells it');
  });

  test('a command line is none', () => {
    assert.equal(titleOf([]), undefined);
    assert.equal(titleOf(['sleep', '5']), undefined);
    assert.equal(titleOf(['my-app']), undefined);
    assert.equal(titleOf(['/opt/my app/run']), undefined, 'a path may hold spaces');
    assert.equal(titleOf(['C:\\Program Files\\app.exe']), undefined);
    assert.equal(titleOf(['my app'], '/opt/bin/my app'), undefined);
    assert.equal(titleOf(['sh', '-c', '']), undefined, 'and an empty argument');
    assert.equal(titleOf(padded('node'), '/usr/bin/node'), undefined);
  });

  test('zeroed words are no arguments; one empty word at the end is', () => {
    assert.deepEqual([['a', 'b', ''], ['a', '', '', ''], ['', '', ''], ['a', '', 'b'], []].map(withoutPadding), [['a', 'b', ''], ['a'], [], ['a', '', 'b'], []]);
  });
});

describe('names', () => {
  test('a title is the name of a process; its command line stays what it was', () => {
    const { name: called, title, argv } = told(seen(child, { t: 2_500, argv: padded('nginx: worker /etc/nginx.conf'), exe: '/usr/bin/python3' }));
    assert.deepEqual([called, title, argv], ['nginx: worker /etc/nginx.conf', 'nginx: worker /etc/nginx.conf', ['python', 'app.py']]);
  });

  test('a name that the program gave is better than a title, which is better than one that a runtime counts', () => {
    const titled = seen(child, { t: 2_500, argv: ['my worker: busy'], exe: '/usr/bin/python3' });
    assert.equal(told(titled, spawn(child, { name: 'uploader' })).name, 'uploader');
    assert.equal(told(titled, name('gw0')).name, 'gw0');
    for (const counted of ['Process-3', 'ForkPoolWorker-12', 'LokyProcess-1', 'SpawnProcess-1:2']) assert.equal(told(titled, spawn(child, { name: counted })).name, 'my worker: busy');
    const fork = spawn(child, { name: 'server.js', method: 'child_process.fork' });
    assert.deepEqual([told(fork).name, told(titled, fork).name], ['server.js', 'my worker: busy']);
    assert.equal(told(titled, spawn(child, { name: 'worker 1', method: 'cluster' })).name, 'worker 1');
  });

  test('a title that a fork has brought along is its parent\'s', () => {
    const events = [seen(root, { t: 2_000, argv: ['my app: main'] }), seen(child, { t: 2_500, argv: ['my app: main'] }), spawn(child, { name: 'ForkPoolWorker-1' })];
    assert.deepEqual(membersTold(start(child), ...events).map(({ name: called }) => called), ['my app: main', 'ForkPoolWorker-1']);
  });

  test('a title that is a command line is read as one', () => {
    assert.equal(told(seen(child, { t: 2_500, argv: padded('node /srv/api/app.js --port 80'), exe: '/usr/bin/node' })).name, 'app.js');
  });

  test('a short name by PR_SET_NAME alone counts where a probe is in the process, and it is not the program\'s', () => {
    const called = (comm: string, more: Partial<Parameters<typeof seen>[1]> = {}): string => told(seen(child, { t: 2_500, comm, argv: ['python', 'app.py'], exe: '/usr/bin/python3.12', ...more })).name;
    assert.equal(called('resizer'), 'resizer');
    for (const usual of ['python', 'python3.12', 'app.py', 'MainThread', 'pt_main_thread']) assert.equal(called(usual), 'app.py');
    assert.equal(called('resizer', { t: 1_950 }), 'app.py', 'before its program began');
    assert.equal(memberTold(child, seen(child, { comm: 'exe', argv: ['/proc/self/exe', 'init'] })).name, 'exe');
    assert.equal(memberTold(child, seen(child, { comm: 'resizer', argv: ['/opt/tool', 'x'] })).name, 'tool', 'without one it may be an odd way to execute a file');
  });

  test('MainProcess is the first of the run only: every program that imports multiprocessing says so of itself', () => {
    const members = membersTold(name('MainProcess', root), start(child), name('MainProcess'));
    assert.deepEqual(members.map(({ name: called, daemon }) => [called, daemon]), [['MainProcess', false], ['app.py', false]]);
    assert.equal(told(name('MainProcess'), spawn(child, { name: 'trainer' })).name, 'trainer');
  });
});

describe('roles', () => {
  const role = (...events: Event[]): string => memberTold(child, ...events).role;

  test('what ran before its program began is a helper, under whichever parent', () => {
    const shim = '8.160';
    const roleOfShim = (begins: number, ...end: Event[]): string => memberTold(shim, start(child, { t: begins }), spawn(child, { method: 'subprocess' }), seen(shim, { ppid: 7, argv: ['head', '-1'] }), ...end).role;
    assert.equal(roleOfShim(2_500, reap(shim, 0, 2_400)), 'helper');
    assert.equal(roleOfShim(2_500, reap(shim, 0, 9_000)), 'child', 'it outlived the script that started it and became the program');
    assert.equal(roleOfShim(2_500), 'child', 'it lives');
    assert.equal(roleOfShim(1_550, reap(shim, 0, 2_400)), 'child', 'it came later');
    assert.equal(memberTold('7.90', seen('7.90', { argv: ['head'] }), reap('7.90', 0, 950)).role, 'helper', 'before the root\'s');
  });

  test('a shell that somebody started is a member, one in passing is a helper', () => {
    assert.equal(role(seen(child, { argv: ['bash', 'run.sh'] }), spawn(child, { method: 'subprocess', argv: ['bash', 'run.sh'] })), 'child');
    assert.equal(role(seen(child, { argv: ['bash', 'run.sh'] })), 'helper');
    assert.equal(role(seen(child, { argv: padded('npm run start') })), 'helper');
  });

  test('multiprocessing knows better than the command line of a fork server\'s child', () => {
    const argv = ['python3', '-c', 'from multiprocessing.forkserver import main'];
    assert.equal(role(start(child, { argv }), spawn(child, { method: 'forkserver', role: 'worker' })), 'worker');
    assert.equal(role(start(child, { argv })), 'helper');
  });
});

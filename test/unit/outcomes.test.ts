import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Event } from '../../src/core/events';
import type { Member } from '../../src/core/members';
import { membersTold, memberTold, reap, root, seen, signal, spawn, start } from './told';

const child = '7.150';
const own = { file: '/home/me/app.py', line: 3 };
const library = { file: '/usr/lib/python3.12/concurrent/futures/process.py', line: 9 };

const words = ({ outcome }: Pick<Member, 'outcome'>): string => (outcome ? `${outcome.verdict}: ${outcome.reason}` : 'alive');
/** What to think of the end of a child of the root. */
const end = (how: number | string, ...events: Event[]): string => words(memberTold(child, start(child), spawn(child), reap(child, how), ...events));
const error = (type: string, message = '', id = child): Event => ({ e: 'error', id, t: 4_950, type, message, traceback: '' });

describe('ends by a code', () => {
  test('0 is well, anything else is not, and an exception says more than its code', () => {
    assert.equal(words(memberTold(child, start(child))), 'alive');
    assert.equal(end(0), 'ok: ended by itself');
    assert.equal(end(3), 'failed: exit code 3');
    assert.equal(end(1, error('RuntimeError', 'no good\nmore')), 'failed: RuntimeError: no good');
  });

  test('a code that nobody knows gives no verdict', () => {
    assert.match(words(memberTold(child, start(child), { e: 'gone', id: '1.1', t: 5_000, child })), /^unknown: its parent did not tell/);
  });

  test('Ctrl+C ends a Python program by KeyboardInterrupt, and others by 130', () => {
    assert.equal(end(1, error('KeyboardInterrupt')), 'ended: interrupted');
    assert.equal(end(130), 'ended: interrupted');
  });

  test('a process may obey a wish by a code of its own, soon after it', () => {
    const asked = signal(child, 'SIGTERM');
    assert.equal(end(1, asked), 'ended: terminated by its parent');
    assert.equal(end(1, signal(child, 'SIGINT', { by: 'procession', via: 'Stop' })), 'ended: interrupted by Procession');
    assert.equal(end(1, signal(child, 'SIGTERM', { t: 4_900 - 60_000 })), 'failed: exit code 1', 'long ago');
    assert.equal(end(1, signal(child, 'SIGTERM', { t: 5_100 })), 'failed: exit code 1', 'when it had ended already');
    assert.equal(end(1, asked, error('ValueError', 'no')), 'failed: ValueError: no', 'an exception is no answer');
    assert.equal(end(1, signal(child, 'SIGUSR1')), 'failed: exit code 1', 'which often asks for something else');
    assert.equal(end(1, signal(child, 'SIGTERM', {}, '8.150')), 'failed: exit code 1', 'asked by somebody whose business it is not');
  });

  test('128 + n is the answer to signal n, however late, and what a shell says of its child', () => {
    assert.equal(end(143, signal(child, 'SIGTERM', { t: 2_500 })), 'ended: terminated by its parent');
    assert.equal(end(143), 'failed: exit code 143');
    const below = '9.160';
    const inShell = (...events: Event[]): string => words(memberTold(child, seen(child, { argv: ['sh', '-c', 'x; y'] }), spawn(child), start(below, { ppid: 7 }), reap(child, 143), ...events));
    assert.equal(inShell(signal(below, 'SIGTERM'), reap(below, 'SIGTERM')), 'ended: its child was terminated by main.py (pid 2)');
    assert.equal(inShell(signal(below, 'SIGTERM'), reap(below, 'SIGTERM', 1_500)), 'failed: exit code 143', 'long before');
    assert.equal(inShell(reap(below, 'SIGKILL')), 'failed: exit code 143', 'by another');
    const nested = [seen('6.140', { argv: ['sh', '-c', 'x'] }), spawn('6.140'), seen(child, { ppid: 6 }), start(below, { ppid: 7 }), signal(below, 'SIGTERM', { by: 'procession' }), reap(below, 'SIGTERM'), reap(child, 143), reap('6.140', 143)];
    assert.equal(words(memberTold('6.140', ...nested)), 'ended: its child was terminated by Procession', 'shells within shells');
    const npm = [start(child), spawn(child), start(below, { ppid: 7 }), signal(below, 'SIGTERM', { by: 'procession' }), reap(below, 'SIGTERM', 4_900, child), signal(child, 'SIGTERM', {}, child), reap(child, 'SIGTERM')];
    assert.equal(words(memberTold(child, ...npm)), 'ended: its child was terminated by Procession', 'npm sends itself the signal');
  });
});

describe('ends by a signal', () => {
  test('a person, the parent or an ancestor may end a process', () => {
    assert.equal(end('SIGTERM', signal(child, 'SIGTERM', { by: 'procession', via: 'Terminate' })), 'ended: terminated by Procession');
    assert.equal(end('SIGKILL', signal(child, 'SIGKILL', { site: own })), 'ended: killed by its parent');
    assert.equal(end('SIGUSR2', signal(child, 'SIGUSR2')), 'ended: ended by its parent');
    const grandchild = '9.160';
    const deep = [start(child), spawn(child), start(grandchild, { ppid: 7 }), spawn(grandchild, {}, child), signal(grandchild, 'SIGINT'), reap(grandchild, 'SIGINT', 5_000, child)];
    assert.equal(words(memberTold(grandchild, ...deep)), 'ended: interrupted by main.py (pid 2)');
  });

  test('a stranger, a child or the process itself may not', () => {
    assert.equal(end('SIGTERM', start('8.150', { argv: ['python', 'cain.py'] }), signal(child, 'SIGTERM', {}, '8.150')), 'failed: terminated by cain.py (pid 8)');
    assert.equal(end('SIGKILL', signal(child, 'SIGKILL', {}, child)), 'failed: killed by itself');
    assert.equal(words(memberTold(root, start(child), spawn(child), signal(root, 'SIGKILL', {}, child), { e: 'rootExit', id: '1.1', t: 5_000, child: root, code: null, signal: 'SIGKILL' })), 'failed: killed by app.py (pid 7)');
  });

  test('a process that cleans up and then sends itself the signal that it was sent has obeyed', () => {
    assert.equal(end('SIGUSR2', signal(child, 'SIGUSR2', { t: 4_000 }), signal(child, 'SIGUSR2', {}, child)), 'ended: ended by its parent');
    assert.equal(end('SIGUSR2', signal(child, 'SIGUSR2', {}, child)), 'failed: ended by itself');
    assert.equal(end('SIGINT', signal(child, 'SIGINT', {}, child)), 'ended: interrupted by itself', 'which Ctrl+C may have asked for');
  });

  test('a signal of unknown sender', () => {
    const blind = (name: string): string => end(name, seen('8.150'));
    assert.equal(blind('SIGINT'), 'ended: interrupted');
    assert.equal(blind('SIGHUP'), 'ended: terminal closed');
    assert.equal(blind('SIGPIPE'), 'ended: broken pipe');
    assert.equal(blind('SIGTERM'), 'unknown: terminated, sender unknown');
    assert.equal(blind('SIGKILL'), 'failed: killed, sender unknown');
    assert.equal(blind('SIGSEGV'), 'failed: segmentation fault');
    assert.equal(end('SIGTERM'), 'ended: terminated from outside the run');
    assert.equal(end('SIGINT'), 'ended: interrupted from outside the run');
  });

  test('a fault stays a fault, whoever sends its signal; so does want of memory', () => {
    assert.equal(end('SIGABRT', signal(child, 'SIGABRT')), 'failed: aborted');
    assert.equal(end('SIGSEGV', signal(child, 'SIGSEGV', {}, child)), 'failed: segmentation fault');
    assert.equal(end('SIGKILL', { e: 'outOfMemory', id: '1.1', since: 4_500, t: 5_100, kills: 1, evidence: 'oom_kill of memory.events' }), 'failed: out of memory (oom_kill of memory.events)');
  });
});

describe('pools', () => {
  const worker = (id: string, name = `ForkProcess-${parseInt(id, 10)}`, method = 'fork'): Event[] => [start(id), spawn(id, { method, role: 'worker', name })];
  const ended = (...events: Event[]): Record<string, string> => Object.fromEntries(membersTold(...events).filter(({ id }) => id !== root).map((member) => [parseInt(member.id, 10), words(member)]));
  const terminated = (id: string, t: number, more: Parameters<typeof signal>[2] = {}): Event[] => [signal(id, 'SIGTERM', { t, via: 'Thread._bootstrap', ...more }), reap(id, 'SIGTERM', t + 10)];
  const killsItself = (id: string, t: number): Event[] => [signal(id, 'SIGKILL', { t, via: 'os.kill', site: own }, id), reap(id, 'SIGKILL', t + 20)];

  test('a pool ends its workers, by a method or from a thread of its own', () => {
    for (const via of ['Pool.__exit__', 'Pool.terminate', 'ProcessPoolExecutor.terminate_workers', 'terminate_workers', 'Process.terminate']) {
      assert.equal(ended(...worker(child, 'PoolWorker-1'), ...terminated(child, 4_900, { via, site: own }))['7'], 'ended: ended by its pool', via);
    }
    for (const site of [undefined, library, { file: '/v/lib/python3.12/site-packages/joblib/externals/loky/backend/utils.py', line: 101 }]) {
      const events = [...worker(child, 'LokyProcess-1', 'loky'), signal(child, 'SIGKILL', { via: 'os.kill', ...(site ? { site } : {}) }), reap(child, 'SIGKILL')];
      assert.equal(ended(...events)['7'], 'ended: ended by its pool');
    }
  });

  test('a worker that the person\'s own line kills was not ended by its pool', () => {
    assert.equal(ended(...worker(child), signal(child, 'SIGKILL', { via: 'os.kill', site: own }), reap(child, 'SIGKILL'))['7'], 'failed: killed by its parent');
    const cluster = [start(child), spawn(child, { method: 'cluster', role: 'worker' }), signal(child, 'SIGTERM', { via: 'child.kill', site: own }), reap(child, 'SIGTERM')];
    assert.equal(ended(...cluster)['7'], 'ended: terminated by its parent', 'but a worker of a cluster is its parent\'s to end');
  });

  test('the first that dies breaks the pool, and the others end for that', () => {
    // The parent learns of the first death only when it has sent the signals: it is told of after them.
    const first = { '8': 'failed: killed by itself; its pool broke', '7': 'ended: ended because the pool broke', '9': 'ended: ended because the pool broke' };
    const others = [...terminated('7.150', 4_900), ...terminated('9.150', 4_905)];
    const workers = [...worker('7.150'), ...worker('8.150'), ...worker('9.150')];
    assert.deepEqual(ended(...workers, ...killsItself('8.150', 4_890), ...others), first);
    assert.equal(ended(...workers, reap('8.150', 'SIGSEGV', 4_910), ...others)['8'], 'failed: segmentation fault; its pool broke');
    assert.equal(ended(...workers, reap('8.150', 1, 4_910), ...others)['8'], 'failed: exit code 1; its pool broke');
    const left: Event = { e: 'exit', id: '8.150', t: 4_880, code: 0, signal: null, via: 'os._exit' };
    assert.equal(ended(...workers, left, reap('8.150', 0, 4_910), ...others)['8'], 'failed: its pool broke');
    assert.equal(ended(...workers, reap('8.150', 'SIGTERM', 4_890), ...others)['8'], 'failed: terminated from outside the run; its pool broke');
  });

  test('a pool that is not broken: nobody died, long ago, in another pool, or a Pool that replaces its dead', () => {
    const calm = 'ended: ended by its pool';
    const [a, b] = ['7.150', '8.150'];
    assert.equal(ended(...worker(a), ...worker(b), reap(b, 0, 4_890), ...terminated(a, 4_900))['7'], calm);
    assert.equal(ended(...worker(a), ...worker(b), ...killsItself(b, 4_890), ...terminated(a, 14_900))['7'], calm);
    assert.equal(ended(...worker(a, 'ForkPoolWorker-1'), ...worker(b, 'ForkPoolWorker-2'), ...killsItself(b, 4_890), ...terminated(a, 4_900))['7'], calm);
    const other = [start('5.140'), spawn('5.140'), start(b, { ppid: 5 }), spawn(b, { role: 'worker' }, '5.140'), ...killsItself(b, 4_890)];
    assert.equal(ended(...worker(a), ...other, ...terminated(a, 4_900))['7'], calm);
    assert.equal(ended(...worker(a), ...worker(b), error('KeyboardInterrupt', '', b), reap(b, 1, 4_890), ...terminated(a, 4_900))['7'], calm, 'Ctrl+C');
  });

  test('each of two pools that break has its own first', () => {
    const workers = ['5.150', '6.150', '7.150', '8.150'].flatMap((id) => worker(id));
    const told = ended(...workers, ...killsItself('5.150', 2_890), ...terminated('6.150', 2_900), ...killsItself('7.150', 14_890), ...terminated('8.150', 14_900));
    assert.deepEqual(Object.values(told).map((text) => /broke/.exec(text)?.[0]), ['broke', 'broke', 'broke', 'broke']);
    assert.deepEqual([told['5'], told['7']].map((text) => text?.startsWith('failed')), [true, true]);
  });
});

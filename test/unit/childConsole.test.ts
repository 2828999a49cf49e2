import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { AddingConsole, NamingConsole } from '../../src/debug/console/childConsole';
import { ConsoleText } from '../../src/debug/console/consoleText';
import { Copies } from '../../src/debug/console/copies';
import { SharedPipe } from '../../src/debug/console/sharedPipe';
import { observedEnvironment } from '../../src/launch/environment';
import type { WindowRun } from '../../src/views/runStore';

const base = mkdtempSync(join(tmpdir(), 'procession-console-'));
after(() => rmSync(base, { recursive: true, force: true }));
let folders = 0;
function runFolder(): string {
  const run = join(base, String(folders++));
  for (const name of ['events', 'out']) mkdirSync(join(run, name), { recursive: true });
  return run;
}

/** A pipe, and what it gives out: `writer: text` for each piece, joined where one writer goes on. */
function pipe(): { pipe: SharedPipe; shown: () => string[] } {
  const pieces: [string, string][] = [];
  return {
    pipe: new SharedPipe((writer = '?', bytes) => {
      const last = pieces.at(-1);
      if (last?.[0] === writer) last[1] += bytes.toString();
      else pieces.push([writer, bytes.toString()]);
    }),
    shown: () => pieces.map(([writer, text]) => `${writer}: ${text}`),
  };
}

const bytes = (text: string): Buffer => Buffer.from(text);

test('what comes through a pipe of several is told apart by their copies, in whatever pieces it comes', () => {
  const { pipe: shared, shown } = pipe();
  for (const text of ['child', ' ', '0', '\n']) shared.wrote('a', bytes(text), 0);
  for (const text of ['child', ' ', '1', '\n']) shared.wrote('b', bytes(text), 0);
  shared.came(bytes('chi'), 0);
  shared.came(bytes('ld child 0\n1\n'), 0);
  assert.deepEqual(shown(), ['a: child ', 'b: child ', 'a: 0\n', 'b: 1\n']);
  assert.equal(shared.isWaiting, false);
});

test('a copy that comes a moment later is waited for; what has none is given out as nobody\'s, once', () => {
  const { pipe: shared, shown } = pipe();
  shared.came(bytes('late\nshell says\nafter\n'), 0);
  assert.deepEqual([shown(), shared.isWaiting], [[], true]);
  shared.wrote('a', bytes('late\n'), 20);
  shared.settle(20);
  assert.deepEqual(shown(), ['a: late\n']);
  shared.wrote('b', bytes('after\n'), 50);
  shared.settle(60);
  assert.deepEqual(shown(), ['a: late\n'], 'it may still be of somebody who was interrupted');
  shared.settle(400);
  assert.deepEqual(shown(), ['a: late\n', '?: shell says\n', 'b: after\n']);
  shared.came(bytes('last words'), 500);
  shared.settle(500, true);
  assert.equal(shown().at(-1), '?: last words');
});

test('long writes may be cut by others; a copy that never comes through does not stand in the way for long', () => {
  const { pipe: shared, shown } = pipe();
  const long = 'x'.repeat(10_000);
  shared.wrote('a', bytes(long), 0);
  shared.wrote('b', bytes('short\n'), 0);
  shared.came(bytes(`${long.slice(0, 4096)}short\n${long.slice(4096)}`), 0);
  assert.deepEqual(shown().map((text) => text.length), [4099, 9, 5907]);
  shared.wrote('c', bytes('never seen'), 0);
  shared.settle(1_000);
  shared.wrote('c', bytes('seen\n'), 1_000);
  shared.came(bytes('seen\n'), 1_000);
  assert.equal(shown().at(-1), 'c: seen\n');
});

test('any mixture of whole writes of any processes: every byte is given out once, each process has its own, in its order', () => {
  const writes = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', '?'), fc.integer({ min: 0, max: 3 }), fc.boolean()), { maxLength: 60 });
  fc.assert(fc.property(writes, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }), (mixture, cuts) => {
    const own: Record<string, string> = {};
    let whole = '';
    const given: Record<string, string> = {};
    const shared = new SharedPipe((writer = '?', part) => void (given[writer] = (given[writer] ?? '') + part.toString()));
    mixture.forEach(([writer, length, ends], number) => {
      const text = `<${writer}${number}${'.'.repeat(length)}>${ends ? '\n' : ''}`;
      own[writer] = (own[writer] ?? '') + text;
      whole += text;
      if (writer !== '?') shared.wrote(writer, bytes(text), 0);
    });
    for (let at = 0, turn = 0; at < whole.length; turn++) {
      const length = cuts[turn % cuts.length] ?? 1;
      shared.came(bytes(whole.slice(at, at + length)), 0);
      at += length;
    }
    shared.settle(1_000, true);
    assert.deepEqual(given, own);
  }));
});

test('lines of one process stay whole and tell whose they are; the root has no name before its lines', () => {
  let shown = '';
  const text = new ConsoleText((_, part) => { shown += part; }, (writer) => `${writer} [1]`);
  const write = (writer: string | undefined, part: string, now = 0): void => text.write(writer, 'stdout', bytes(part), now);
  write(undefined, 'root\n');
  write('a', 'child ');
  write('b', 'child ');
  write('a', '0\nand ');
  write('b', '1\n');
  assert.equal(shown, 'root\na [1]: child 0\nb [1]: child 1\n');
  assert.equal(text.isWaiting, true);
  text.settle(500);
  write(undefined, 'root again: ');
  write('b', 'two\nlines\n');
  assert.equal(shown.slice(shown.indexOf('root again')), 'root again: \nb [1]: two\nb [1]: lines\n');
  text.settle(5_000);
  assert.ok(shown.endsWith('a [1]: and '), 'a beginning is not kept back for ever');
  write('a', 'so on\n');
  assert.ok(shown.endsWith('a [1]: and so on\n'));
  write('a', 'open');
  text.settle(5_000, true);
  write('b', 'x\n');
  assert.ok(shown.endsWith('a [1]: open\nb [1]: x\n'));
  const [first, second] = [bytes('ü').subarray(0, 1), bytes('ü').subarray(1)];
  text.write('a', 'stdout', first, 0);
  text.write('a', 'stdout', Buffer.concat([second, bytes('\n')]), 0);
  assert.ok(shown.endsWith('a [1]: ü\n'));
});

/** Has Python and Node programs print as members of a run, and gives what their copies tell. */
function copiesOf(run: string): (readonly [string, string, string])[] {
  const copies = new Copies(join(run, 'out'), () => undefined);
  const found = copies.read(true).filter((one) => one.bytes.length > 0).map(({ member, stream, bytes: text }) => [member, stream, text.toString()] as const);
  assert.deepEqual(copies.read(true), [], 'each once');
  copies.close();
  return found;
}

for (const [language, argv] of [
  ['Python', ['python3', '-u', '-c', "import sys\nprint('a', 'b'); print('err', file=sys.stderr); print('c')"]],
  ['Python that flushes as it ends', ['python3', '-c', "import sys\nprint('a', 'b'); print('err', file=sys.stderr); print('c')"]],
  ['Node', [process.execPath, '-e', "console.log('a b'); console.error('err'); console.log('c')"]],
] as [string, string[]][]) {
  test(`${language}: a member tells of each write where it goes; who shares a stream is known by it, and nothing is told where nobody asks`, () => {
    const [asked, unasked] = [runFolder(), runFolder()];
    for (const run of [asked, unasked]) {
      const env = observedEnvironment(process.env, { run, probes: resolve(__dirname, '../../dist/probes'), ancestor: '1.1', keepOutput: true, relayed: run === asked });
      const { status, stdout } = spawnSync(argv[0] ?? '', argv.slice(1), { env, encoding: 'utf8' });
      assert.deepEqual([status, stdout], [0, 'a b\nc\n']);
    }
    const found = copiesOf(asked);
    assert.equal(found.filter(([, stream]) => stream === 'stdout').map(([, , text]) => text).join(''), 'a b\nc\n');
    assert.equal(found.filter(([, stream]) => stream === 'stderr').map(([, , text]) => text).join(''), 'err\n');
    assert.deepEqual(copiesOf(unasked), []);
  });
}

const names: Record<string, string> = { '10.1': 'worker-1', '11.1': 'worker-2' };
const windowRun = (run: string): WindowRun => ({ open: { directory: run, root: '1.1', look: () => undefined, report: () => ({ members: Object.entries(names).map(([id, name]) => ({ id, name })) }) } }) as unknown as WindowRun;

/** A member writes, as its probe copies it. */
function prints(run: string, member: string, text: string, to: string, isFirst = false): void {
  if (isFirst) appendFileSync(join(run, 'out', `${member}.to`), `1 @${to}\n`);
  if (text === '') return;
  appendFileSync(join(run, 'out', `${member}.stdout`), text);
  appendFileSync(join(run, 'out', `${member}.to`), `1 ${Buffer.byteLength(text)}\n`);
}

test('names are put to what a debugger shows of all: to those who share the streams of the root', () => {
  const run = runFolder();
  let shown = '';
  const naming = new NamingConsole(windowRun(run), (_, text) => { shown += text; });
  prints(run, '10.1', 'early\n', '7:1', true);
  prints(run, '1.1', 'root\n', '7:1', true);
  prints(run, '11.1', 'early\n', '7:2', true);
  naming.look(true);
  naming.came('stdout', 'early\nroot\n');
  naming.drain();
  naming.came('stdout', 'shell\n');
  naming.end();
  assert.equal(shown, 'worker-1 [10]: early\nroot\nshell\n', 'what is caught by a parent is not in the console');
});

test('what a debugger does not show is added, once, of those who share the streams of the root', () => {
  const run = runFolder();
  let shown = '';
  const adding = new AddingConsole(windowRun(run), (_, text) => { shown += text; }, (member) => member === '11.1');
  prints(run, '10.1', 'before the root has told\n', '7:1', true);
  adding.look(true);
  assert.equal(shown, '');
  prints(run, '1.1', 'root\n', '7:1', true);
  prints(run, '11.1', 'shown by the debugger\n', '7:1', true);
  prints(run, '10.1', 'to a file\n', '9:9', true);
  prints(run, '10.1', 'back\n', '7:1', true);
  adding.look(true);
  adding.look(true);
  prints(run, '10.1', 'x'.repeat(1024 * 1024), '7:1');
  adding.end();
  const [before, back, long, note] = shown.split('\n');
  assert.deepEqual([before, back, long?.length, note], ['worker-1 [10]: before the root has told', 'worker-1 [10]: back', 1024 * 1024 + 15, 'worker-1 [10]: (it has printed 1 MB: what it prints after that is not shown here)']);
  writeFileSync(join(run, 'out', '10.1.to'), '1 5\n', { flag: 'a' });
  adding.look(true);
  assert.equal(shown.split('\n').length, 5, 'nothing after the end');
});

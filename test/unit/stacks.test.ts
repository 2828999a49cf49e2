import assert from 'node:assert/strict';
import { test } from 'node:test';
import { framesOfText, mergeStacks, type FrameNode, type StackNode } from '../../src/debug/stacks/stackTree';
import { doingIn } from '../../src/debug/stacks/stackWords';
import type { Frame } from '../../src/debug/stacks/frame';

const standard = '/usr/lib/python3.11';
const frame = (name: string, line: number, file = '/app/work.py'): Frame => ({ function: name, file, line });
const library = (name: string, file: string): Frame => frame(name, 1, /^(\/|<|node:)/.test(file) ? file : `${standard}/${file}`);
const started = [frame('<module>', 9), library('BaseProcess.start', 'multiprocessing/process.py'), library('BaseProcess._bootstrap', 'multiprocessing/process.py'), library('BaseProcess.run', 'multiprocessing/process.py')];

const framesText = (nodes: readonly FrameNode[]): string => nodes.map(({ frame: { function: name }, children }) => name + (children.length ? ` > ${framesText(children)}` : '')).join(' | ');
/** Each line with how many are there, what it does, and the frames that are folded away. */
const text = (nodes: readonly StackNode[], indent = ''): string[] => nodes.flatMap(({ label, doing, who, children, library: folded }) => [
  `${indent}${label}, ${who.length}${doing ? `, ${doing}` : ''}${folded.length ? ` (${framesText(folded)})` : ''}`, ...text(children, `${indent}  `)]);

test('equal stacks are merged by the lines of the program, and a forked child does not show its parent', () => {
  const getting = [library('Queue.get', 'multiprocessing/queues.py'), library('Connection.recv_bytes', 'multiprocessing/connection.py')];
  assert.deepEqual(text(mergeStacks([
    { member: 'w-1', thread: 'MainThread', frames: [...started, frame('work', 3), ...getting] },
    { member: 'w-2', thread: 'MainThread', frames: [...started, frame('work', 3), ...getting] },
    { member: 'w-3', thread: 'MainThread', frames: [...started, frame('work', 5)] },
    { member: 'w-3', thread: 'Thread-7 (beat)', frames: [frame('beat', 8)] },
  ])), [
    'MainThread, 3',
    '  work.py:3 in work, 2, waits for an item of a queue (Queue.get > Connection.recv_bytes)',
    '  work.py:5 in work, 1',
    'Thread (beat), 1',
    '  work.py:8 in beat, 1',
  ]);
});

test('the line of the program is the row, whatever a library does above, below and in between', () => {
  const results = [library('Pool.map', 'multiprocessing/pool.py'), library('ApplyResult.get', 'multiprocessing/pool.py'), library('Event.wait', 'threading.py')];
  const runner = [library('main', '/venv/lib/python3.12/site-packages/pytest/__init__.py'), library('call', '/venv/lib/python3.12/site-packages/pluggy/_hooks.py')];
  assert.deepEqual(text(mergeStacks([
    { member: 'root', thread: 'MainThread', frames: [library('_run_module_as_main', '<frozen runpy>'), frame('<module>', 40), frame('main', 28, '/app/images.py'), ...results] },
    { member: 'tests', thread: 'MainThread', frames: [...runner, frame('test_it', 4, '/app/test_it.py'), library('run', 'asyncio/runners.py'), frame('inner', 7, '/app/test_it.py')] },
    { member: 'idle', thread: 'MainThread', frames: [library('worker', 'multiprocessing/pool.py'), library('get', 'multiprocessing/queues.py')] },
    { member: 'numbers', thread: 'MainThread', frames: [frame('<module>', 2, '/app/n.py'), library('dumps', 'json/__init__.py'), library('encode', 'json/encoder.py')] },
  ])), [
    'MainThread, 4 (main > call)',
    '  n.py:2, 1, in dumps (json/__init__.py) (dumps > encode)',
    '  test_it.py:4 in test_it, 1 (run)',
    '    test_it.py:7 in inner, 1',
    '  waits for a task, 1 (worker > get)',
    '  work.py:40, 1',
    '    images.py:28 in main, 1, waits for a result (Pool.map > ApplyResult.get > Event.wait)',
  ]);
});

test('where libraries part below one line, their frames part there', () => {
  const below = (...names: string[]): Frame[] => [frame('main', 1), ...names.map((name) => library(name, 'json/encoder.py'))];
  assert.deepEqual(text(mergeStacks([
    { member: 'a', thread: 'MainThread', frames: below('encode', 'iterencode', 'one') },
    { member: 'b', thread: 'MainThread', frames: below('encode', 'iterencode', 'two') },
  ])), ['MainThread, 2', '  work.py:1 in main, 2, in encode (encoder.py) (encode > iterencode > one | two)']);
});

test('what blocks is told in the words of the call that the program made, not of what that call does inside', () => {
  const words = (...calls: [name: string, file: string][]): string => doingIn(calls.map(([name, file]) => library(name, file)));
  assert.equal(words(['Future.result', 'concurrent/futures/_base.py'], ['Condition.wait', 'threading.py']), 'waits for a result');
  assert.equal(words(['Lock.__enter__', 'multiprocessing/synchronize.py']), 'waits for a lock');
  assert.equal(words(['Process.join', 'multiprocessing/process.py'], ['Popen.wait', 'multiprocessing/popen_fork.py']), 'waits for a process to end');
  assert.equal(words(['Thread.join', 'threading.py']), 'waits for a thread to end');
  assert.equal(words(['run', 'subprocess.py'], ['Popen.communicate', 'subprocess.py'], ['select', 'selectors.py']), 'waits for a process to end');
  assert.equal(words(['urlopen', 'urllib/request.py'], ['SocketIO.readinto', 'socket.py']), 'waits for the network');
  assert.equal(words(['readFileSync', 'node:fs']), 'in readFileSync (node:fs)');
  assert.equal(words(), '');
});

test("a stack as V8 writes it: frames, outermost first; what loads the program is left out, what it calls is folded", () => {
  const stack = "Error\n    at <anonymous>:4:15\n    at Object.readFileSync (node:fs:441:20)\n    at spin (/app/busy.js:8:12)\n    at Object.<anonymous> (/app/a (b).js:15:22)\n    at file:///app/m.mjs:2:1\n    at Module._compile (node:internal/modules/cjs/loader:1:2)";
  const frames = framesOfText(stack);
  assert.deepEqual(frames.map(({ function: name, file, line }) => `${name} ${file}:${line}`), [
    'Module._compile node:internal/modules/cjs/loader:1', '(top level) /app/m.mjs:2', 'Object.<anonymous> /app/a (b).js:15', 'spin /app/busy.js:8', 'Object.readFileSync node:fs:441',
  ]);
  assert.deepEqual(text(mergeStacks([{ member: 'a', thread: 'MainThread', frames }])), [
    'MainThread, 1', '  m.mjs:2, 1', '    a (b).js:15, 1', '      busy.js:8 in spin, 1, in Object.readFileSync (node:fs) (Object.readFileSync)',
  ]);
});

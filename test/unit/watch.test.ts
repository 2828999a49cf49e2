import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dutyOf, nextTry, type ObservationFacts } from '../../src/launch/watch';

const begun: ObservationFacts = { isOver: false, hasRoot: true, isDebugged: false, observer: 'alive', launcherEnded: false, hasOrder: false, age: 0 };
const ordered: ObservationFacts = { ...begun, hasRoot: false, observer: 'unknown', hasOrder: true };

test('a run that is on is observed again when its launcher or observer is gone, one that is over is left alone', () => {
  assert.equal(dutyOf(begun), 'nothing');
  for (const observer of ['gone', 'unknown'] as const) {
    assert.equal(dutyOf({ ...begun, observer }), 'observe');
    assert.equal(dutyOf({ ...begun, observer, isDebugged: true }), 'observe');
    assert.equal(dutyOf({ ...begun, observer, isOver: true }), 'nothing');
  }
});

test('a launcher that was killed before it could start anything is given up at once, one that is slow is waited for', () => {
  assert.equal(dutyOf(ordered), 'nothing');
  assert.equal(dutyOf({ ...ordered, launcherEnded: true }), 'giveUp');
  assert.equal(dutyOf({ ...ordered, observer: 'gone', hasOrder: false }), 'giveUp');
  assert.equal(dutyOf({ ...ordered, observer: 'alive', hasOrder: false, age: 1e6 }), 'nothing');
  assert.equal(dutyOf({ ...ordered, age: 30_000 }), 'nothing', 'a terminal outside the editor has to open');
  assert.equal(dutyOf({ ...ordered, age: 61_000 }), 'giveUp');
  assert.equal(dutyOf({ ...ordered, hasOrder: false, age: 11_000 }), 'giveUp');
});

test('of a program that a debugger is to start, its session tells', () => {
  assert.equal(dutyOf({ ...ordered, isDebugged: true, hasOrder: false, age: 1e6 }), 'nothing');
});

test('what fails again and again is tried more and more seldom', () => {
  assert.deepEqual([0, 1, 2, 3, 9].map(nextTry), [5_000, 10_000, 20_000, 40_000, 60_000]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  parseAuxv, parseLoadavg, parseMark, parseOpenFiles, parsePeak, parseStat, parseWaitStatus, splitNul,
} from '../../src/observe/system/linux/procText';

/** Recorded on Linux 6.18; only the names were changed, by prctl(PR_SET_NAME), before recording. */
const stat = (comm: string): string =>
  `8101 (${comm}) S 8090 8101 8101 34816 8101 4194304 1523 20410 3 7 41 12 95 33 20 0 11 0 51239 1318764544 12048 `
  + '18446744073709551615 4194304 26984541 140723908131744 0 0 0 0 16781312 134303495 0 0 0 17 1 0 0 0 0 0 35372496 35464560 '
  + '69394432 140723908139651 140723908139671 140723908139671 140723908140007 0\n';

test('a stat row', () => {
  const row = parseStat(Buffer.from(stat('node')));
  assert.deepEqual({ ...row, commHash: 0 }, {
    comm: 'node', commHash: 0, state: 'S', ppid: 8090, pgid: 8101, sid: 8101, kernelThread: false, cpuTicks: 53, threads: 11,
    start: 51239, pages: 12048, stack: 140723908131744,
    exitSignal: 17, readable: false, waitStatus: 0,
  });
});

for (const comm of ['a b', 'a) R 1 1', '((((', '))))', 'new\nline', '', ') S 1 (', 'ünïcödé', '1 2 3']) {
  test(`a stat row of a process that calls itself ${JSON.stringify(comm)}`, () => {
    const row = parseStat(Buffer.from(stat(comm)));
    assert.equal(row?.comm, comm);
    assert.equal(row.ppid, 8090);
    assert.equal(row.start, 51239);
  });
}

test('a stat row in a larger buffer that still holds the end of a longer one', () => {
  const buffer = Buffer.alloc(1024, ') Z 9 9 9');
  const length = buffer.write(stat('sh'));
  assert.equal(parseStat(buffer, length)?.comm, 'sh');
  assert.equal(parseStat(buffer, length)?.state, 'S');
});

test('a row is read again into the same object', () => {
  const row = parseStat(Buffer.from(stat('sh')));
  assert.equal(parseStat(Buffer.from(stat('a longer one').replace(' 8090 ', ' 1 ')), undefined, row), row);
  assert.equal(row?.comm, 'a longer one');
  assert.equal(row.ppid, 1);
});

test('a zombie has its wait status in field 52, and negative fields before it are skipped over', () => {
  const text = '10825 (python3) Z 10784 10782 5100 0 -1 4227148 219 0 0 0 0 0 0 0 20 0 1 0 311799 0 0 18446744073709551615 0 0 0 0 0 0 0 16781312 2 1 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 1792\n';
  const row = parseStat(Buffer.from(text));
  assert.equal(row?.state, 'Z');
  assert.equal(row.start, 311799);
  assert.equal(row.readable, true);
  assert.equal(row.waitStatus, 1792);
});

test('a kernel of before 3.5 writes fewer fields: what is missing is 0', () => {
  const text = '1 (init) S 0 1 1 0 -1 4202752 0 0 0 0 3 4 0 0 20 0 1 0 5 10489856 200 18446744073709551615 1 1 0 0 0 0 0 4096 536962595 0 0 0 17 0 0 0 0 0 0\n';
  const row = parseStat(Buffer.from(text));
  assert.equal(row?.cpuTicks, 7);
  assert.equal(row.waitStatus, 0);
});

test('a kernel thread', () => {
  const text = '2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0 18446744073709551615 0 0 0 0 0 0 0 2147483647 0 0 0 0 0 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n';
  assert.equal(parseStat(Buffer.from(text))?.kernelThread, true);
});

test('what is no stat row', () => {
  for (const text of ['', '12', '12 (', '12 (a', '12 (a)', '12 (a) ']) assert.equal(parseStat(Buffer.from(text)), undefined, text);
});

test('loadavg', () => {
  assert.deepEqual(parseLoadavg('0.38 0.59 0.37 1/98 9343\n'), { threads: 98, lastPid: 9343 });
  assert.equal(parseLoadavg('garbage'), undefined);
});

test('NUL-terminated strings keep empty arguments; a rewritten title has no NUL', () => {
  assert.deepEqual(splitNul(Buffer.from('sh\0-c\0\0')), ['sh', '-c', '']);
  assert.deepEqual(splitNul(Buffer.from('nginx: worker process')), ['nginx: worker process']);
  assert.deepEqual(splitNul(Buffer.from('')), []);
});

test('the mark of a run is found only as a variable of its own; its directory may hold bars', () => {
  const mark = 'PROCESSION=1|12.345|o|/dev/shm/a|b';
  const expected = { ancestor: '12.345', runDirectory: '/dev/shm/a|b' };
  assert.deepEqual(parseMark(Buffer.from(`${mark}\0A=1\0`)), expected);
  assert.deepEqual(parseMark(Buffer.from(`A=1\0${mark}`)), expected);
  assert.deepEqual(parseMark(Buffer.from(`XPROCESSION=1|9.9||/other\0${mark}\0`)), expected);
  for (const other of ['', 'A=PROCESSION=1|1.2|o|/dev/shm/a\0', 'PROCESSION=2|1.2|o|/x\0', 'PROCESSION=1|\0', 'PROCESSION=1|1.2|o\0']) {
    assert.equal(parseMark(Buffer.from(other)), undefined, other);
  }
});

test('wait statuses', () => {
  assert.deepEqual(parseWaitStatus(0), { code: 0, signal: null });
  assert.deepEqual(parseWaitStatus(7 << 8), { code: 7, signal: null });
  assert.deepEqual(parseWaitStatus(255 << 8), { code: 255, signal: null });
  assert.deepEqual(parseWaitStatus(9), { code: null, signal: 'SIGKILL' });
  assert.deepEqual(parseWaitStatus(11 | 0x80), { code: null, signal: 'SIGSEGV' });
});

test('peak memory, open files, system units', () => {
  assert.equal(parsePeak('Name:\ta\nVmPeak:\t  9 kB\nVmHWM:\t    8520 kB\n'), 8520 * 1024);
  assert.equal(parsePeak('Name:\tkthreadd\nThreads:\t1\n'), undefined);
  assert.equal(parseOpenFiles('Max processes             96038                96038                processes \nMax open files            1024                 524288               files     \n'), 1024);
  assert.equal(parseOpenFiles(''), undefined);
  const words = [33n, 0x7fffn, 6n, 16384n, 17n, 100n, 0n, 0n];
  const wide = Buffer.alloc(8 * words.length);
  const narrow = Buffer.alloc(4 * words.length);
  words.forEach((word, i) => {
    wide.writeBigUInt64LE(word, 8 * i);
    narrow.writeUInt32LE(Number(word), 4 * i);
  });
  assert.deepEqual(parseAuxv(wide, 8), { pageSize: 16384, ticksPerSecond: 100 });
  assert.deepEqual(parseAuxv(narrow, 4), { pageSize: 16384, ticksPerSecond: 100 });
  assert.deepEqual(parseAuxv(Buffer.alloc(0), 8), { pageSize: 4096, ticksPerSecond: 100 });
});

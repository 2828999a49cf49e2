import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { KeptOutput, megabyte, type StreamName } from '../../src/observe/record/keptOutput';
import { isOutputKept, KeptOutputReader, type OutputPiece } from '../../src/observe/record/keptOutputReader';

const base = mkdtempSync(join(tmpdir(), 'procession-output-'));
after(() => rmSync(base, { recursive: true, force: true }));
let folders = 0;
function folder(): string {
  const path = join(base, String(folders++));
  mkdirSync(path);
  return path;
}

/** What a reader finds once nobody writes any more, as text: missing bytes as `[stdout -12]`. */
const shown = (reader: KeptOutputReader): string => textOf(reader.read(true));

function textOf(pieces: Iterable<OutputPiece>): string {
  let text = '';
  for (const piece of pieces) text += 'text' in piece ? piece.text : `[${piece.stream} -${piece.missing}]`;
  return text;
}

const print = (kept: KeptOutput, name: StreamName, text: string | Buffer): void => kept.write(name, Buffer.from(text), 1);

/** Reads until all of `text` has come. */
async function follow(reader: KeptOutputReader, text: string): Promise<void> {
  let found = '';
  for (const end = Date.now() + 10_000; found.length < text.length && Date.now() < end;) {
    found += textOf(reader.read());
    await new Promise((done) => setTimeout(done, 5));
  }
  assert.equal(found, text);
}

test('both streams are read in the order in which they came, while they are written, characters unbroken', async () => {
  const out = folder();
  const kept = new KeptOutput(out, megabyte, () => assert.fail('nothing to tell'));
  assert.ok(isOutputKept(out), 'also before anything was printed');
  const reader = new KeptOutputReader(out);
  assert.equal(textOf(reader.read()), '');
  print(kept, 'stdout', 'one ');
  print(kept, 'stderr', 'two ');
  const [first, last] = [Buffer.from('✓').subarray(0, 1), Buffer.from('✓').subarray(1)];
  print(kept, 'stdout', first);
  await follow(reader, 'one two ');
  print(kept, 'stderr', 'three ');
  print(kept, 'stdout', last);
  await follow(reader, 'three ✓');
  kept.close();
  assert.equal(shown(reader), '');
  assert.equal(shown(new KeptOutputReader(out)), 'one two three ✓');
});

test('of more than the limit the newest part is kept, the other stream is left alone, and it is told once', () => {
  const out = folder();
  const told: string[] = [];
  const kept = new KeptOutput(out, megabyte, (_, message) => told.push(message));
  const live = new KeptOutputReader(out);
  let followed = '';
  const line = (number: number): string => `${String(number).padStart(99, '.')}\n`;
  print(kept, 'stderr', 'a warning at the start\n');
  for (let number = 0; number < 50_000; number++) {
    print(kept, 'stdout', line(number));
    if (number % 1_000 === 0) followed += textOf(live.read());
  }
  kept.close();
  followed += shown(live);
  assert.equal(followed.replaceAll(/^\.*/gm, ''), `a warning at the start\n${Array.from({ length: 50_000 }, (_, number) => `${number}\n`).join('')}`, 'who follows sees all of it');
  const text = shown(new KeptOutputReader(out));
  const [, before, rest = ''] = /^a warning at the start\n\[stdout -(\d+)\](.*)$/s.exec(text) ?? [];
  const first = Number(before) / 100;
  assert.equal(rest, Array.from({ length: 50_000 - first }, (_, at) => line(first + at)).join(''), 'the end is whole, and so is every line of it');
  assert.ok(rest.length > megabyte * 0.8 && rest.length <= megabyte, `${rest.length} bytes`);
  const size = readdirSync(out).filter((name) => name.startsWith('stdout')).reduce((sum, name) => sum + statSync(join(out, name)).size, 0);
  assert.ok(size <= megabyte, `${size} bytes on disk`);
  assert.deepEqual(told, ['Only the newest 1 MB of what the program prints to stdout are kept, and older output is removed. The setting "procession.outputLimit" says how much.']);
});

test('who was slow is told how much is missing, and goes on', async () => {
  const out = folder();
  const kept = new KeptOutput(out, megabyte, () => undefined);
  const reader = new KeptOutputReader(out);
  print(kept, 'stdout', 'begin ');
  print(kept, 'stderr', '!');
  await follow(reader, 'begin ');
  const block = Buffer.alloc(65_536, 'x');
  for (let count = 0; count < 64; count++) print(kept, 'stdout', block);
  print(kept, 'stdout', ' end');
  kept.close();
  const [, open = '', missing, text = ''] = /^!(x*)\[stdout -(\d+)\](x* end)$/.exec(shown(reader)) ?? [];
  assert.equal(open.length + Number(missing) + text.length, 64 * 65_536 + 4);
});

test('the index has a limit too: many small pieces', () => {
  const out = folder();
  const kept = new KeptOutput(out, megabyte, () => undefined);
  for (let number = 0; number < 60_000; number++) print(kept, number % 2 ? 'stdout' : 'stderr', 'x');
  const size = readdirSync(out).reduce((sum, name) => sum + statSync(join(out, name)).size, 0);
  assert.ok(size < 1.2 * megabyte, `${size} bytes`);
  const text = shown(new KeptOutputReader(out));
  const missing = [...text.matchAll(/\[std(?:out|err) -(\d+)\]/g)].reduce((sum, [, count]) => sum + Number(count), 0);
  assert.equal(missing + text.replaceAll(/\[.*?\]/g, '').length, 60_000);
  kept.close();
});

test('records of earlier versions, and torn or strange lines, are read', () => {
  const out = folder();
  writeFileSync(join(out, 'stdout'), 'onethree');
  writeFileSync(join(out, 'stderr'), 'two');
  writeFileSync(join(out, 'index.ndjson'), '{"t":1,"s":"stdout","n":3}\n{"t":1,"s":"stderr","n":3}\nnull\n{"s":"stdin","n":3}\n{"s":"stdout","n":-1}\n{"t":2,"s":"stdout","n":5}\n{"t":2,"s":"std');
  assert.equal(shown(new KeptOutputReader(out)), 'onetwothree');
  assert.equal(shown(new KeptOutputReader(join(out, 'nowhere'))), '');
});

test('a folder that is gone is told, and nothing is thrown', () => {
  const out = folder();
  const told: string[] = [];
  const kept = new KeptOutput(out, megabyte, (_, message) => told.push(message));
  rmSync(out, { recursive: true });
  for (let count = 0; count < 3; count++) print(kept, 'stdout', 'x');
  assert.equal(told.length, 1);
  assert.match(told[0] ?? '', /^A part of what the program printed to stdout could not be kept \(ENOENT\): the disk of the run directory is full or gone\. The program was not affected\.$/);
  kept.close();
});

/** A small file system of our own, where this machine lets us have one. */
const small = (megabytes: number, script: string): string[] => ['-rm', 'sh', '-c', `mount -t tmpfs -o size=${megabytes}m,mode=700 tmpfs "$1" && shift && exec "$@"`, 'sh', script];
const mayMount = process.platform === 'linux' && spawnSync('unshare', small(1, base).concat('true')).status === 0;

test('on a disk that fills up the newest part is kept as long as there is room for any, and it is told; then it goes on', { skip: !mayMount && 'no file system of our own here' }, () => {
  const out = folder();
  const program = `
    const { KeptOutput } = require('${resolve(__dirname, '../../src/observe/record/keptOutput.ts')}');
    const { KeptOutputReader } = require('${resolve(__dirname, '../../src/observe/record/keptOutputReader.ts')}');
    const { rmSync, writeFileSync } = require('node:fs');
    const told = [];
    const kept = new KeptOutput(process.argv[1], 64 * 1024 * 1024, (kind) => told.push(kind));
    const block = Buffer.alloc(65536, 'x');
    for (let count = 0; count < 1024; count++) kept.write('stdout', block, 1);
    kept.write('stdout', Buffer.from('newest'), 1);
    kept.close();
    const all = [...new KeptOutputReader(process.argv[1]).read()];
    const full = [...told];
    const free = require('node:fs').statfsSync(process.argv[1]);
    writeFileSync(process.argv[1] + '/others', Buffer.alloc(free.bavail * free.bsize));
    for (let count = 0; count < 3; count++) kept.write('stderr', block, 1);
    rmSync(process.argv[1] + '/others');
    kept.write('stderr', Buffer.from('again'), 1);
    kept.close();
    const after = [...new KeptOutputReader(process.argv[1]).read()].filter(({ stream }) => stream === 'stderr');
    console.log(JSON.stringify({ full, told, newest: all.at(-1), kept: all.reduce((sum, { text = '' }) => sum + text.length, 0), missing: all[0].missing, after: after.map(({ text, missing }) => text ?? missing), free: free.bavail * free.bsize }));
  `;
  const tsx = resolve(__dirname, '../../node_modules/tsx/dist/cjs/index.cjs');
  const found = JSON.parse(execFileSync('unshare', small(40, out).concat(process.execPath, '--require', tsx, '-e', program, out), { encoding: 'utf8' })) as Record<string, unknown>;
  assert.deepEqual([found.full, found.newest], [['stdout space'], { stream: 'stdout', text: 'newest' }]);
  assert.equal((found.kept as number) + (found.missing as number), 64 * megabyte + 6);
  assert.ok((found.kept as number) > 8 * megabyte && (found.free as number) > 8 * megabyte, JSON.stringify(found));
  assert.deepEqual([found.told, found.after], [['stdout space', 'stderr not kept'], [3 * 65_536, 'again']]);
});

test('what a launcher that was killed could not note any more is read when nobody writes', () => {
  const out = folder();
  const kept = new KeptOutput(out, megabyte, () => undefined);
  print(kept, 'stdout', 'noted ');
  kept.close();
  appendFileSync(join(out, 'stdout'), 'not noted');
  const reader = new KeptOutputReader(out);
  assert.deepEqual([textOf(reader.read()), textOf(reader.read(true))], ['noted ', 'not noted']);
});

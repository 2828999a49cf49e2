import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessRef } from '../core/events';
import type { Tasks } from '../core/insight/facts';
import { taskIn } from '../core/insight/pickle';

/**
 * The page of tasks of a worker: `<run directory>/pages/<id>`, a file of 16 KiB that the worker has mapped into its memory. Whoever reads
 * it sees what the worker has stored a moment ago, also after it was killed. Words are 64 bits, little-endian, times in ns.
 *
 * | word | |
 * | --- | --- |
 * | 0 | version of this layout: 1 |
 * | 1 | pid |
 * | 2, 3 | wall clock and monotonic clock at the same moment: all other times are monotonic |
 * | 4, 5, 6 | tasks started, done, failed (failed ones are done, too) |
 * | 7 | bytes of the tasks that were timed |
 * | 8 | when the current task began; 0: none is being timed |
 * | 9 | bytes of the beginning of its pickle, at offset 128 (512 at most) |
 * | 10, 11 | the longest task, and the sum of all that were timed |
 * | 12 | spans written: the latest 256 are in the ring |
 * | 13 | tasks that were not timed: a worker whose last 500 tasks took less than 50 µs each times one in 16 |
 * | 14 | bytes of names, at offset 8832: `name NUL file NUL line LF` for each function, the first is number 1 |
 * | 80… | the ring, 4 words a span: begin, length, 2 × number of the function + 1 if it failed, number of the task |
 */
const version = 1n;
const size = 16_384;
const prefixAt = 128;
const ringAt = 80;
const ringSize = 256;
const namesAt = (ringAt + ringSize * 4) * 8;
const keptSpans = 64;

const folderOf = (run: string): string => join(run, 'pages');

/** The workers that have a page. */
export function pagesIn(run: string): ProcessRef[] {
  try {
    return readdirSync(folderOf(run));
  } catch {
    return [];
  }
}

/** What a worker's page tells now; undefined where there is none, or it is of a layout that is not known. */
export function readTasks(run: string, id: ProcessRef): Tasks | undefined {
  try {
    return parsePage(readFileSync(join(folderOf(run), id)));
  } catch {
    return undefined;
  }
}

/** Reads a page. */
export function parsePage(bytes: Buffer): Tasks | undefined {
  if (bytes.length < size || bytes.readBigInt64LE(0) !== version) return undefined;
  const word = (index: number): number => Number(bytes.readBigInt64LE(index * 8));
  const epoch = (ns: number): number => (word(2) - word(3) + ns) / 1e6;
  const functions = functionsIn(bytes.toString('utf8', namesAt, Math.min(bytes.length, namesAt + word(14))));
  const current = word(8) > 0 ? taskIn(bytes.subarray(prefixAt, prefixAt + Math.min(512, word(9)))) : undefined;
  const known = current && functions.find((one) => one.function === current.function);
  return {
    started: word(4), done: word(5), failed: word(6), bytes: word(7), longest: word(10) / 1e6, busy: word(11) / 1e6, untimed: word(13),
    ...(current ? { current: { ...current, since: epoch(word(8)), ...(known?.site ? { site: known.site } : {}) } } : {}),
    functions,
    spans: spansIn(word, epoch),
  };
}

function functionsIn(names: string): Tasks['functions'] {
  return names.split('\n').slice(0, -1).map((entry) => {
    const [name = '', file = '', line = '0'] = entry.split('\0');
    return { function: name, ...(file === '' ? {} : { site: { file, line: Number(line), function: name } }) };
  });
}

/** The latest spans, the oldest first. */
function spansIn(word: (index: number) => number, epoch: (ns: number) => number): Tasks['spans'] {
  const written = word(12);
  const count = Math.min(written, ringSize, keptSpans);
  return Array.from({ length: count }, (_, index) => {
    const at = ringAt + ((written - count + index) % ringSize) * 4;
    const about = word(at + 2);
    return { t: epoch(word(at)), ms: word(at + 1) / 1e6, function: Math.floor(about / 2), failed: about % 2 === 1 };
  });
}

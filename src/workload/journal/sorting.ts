/** Long work on millions of rows that lets others have their turn: each `yield` of a generator is a place to pause. */

/** Items between two places to pause: a millisecond or two of work. */
const slice = 1 << 15;
/** ms of work at a stretch. A person notices a stall from some tens on. */
const stretch = 12;

/** The bounds of the slices of so many items. */
export function* slicesOf(length: number): Generator<[from: number, to: number]> {
  for (let from = 0; from < length; from += slice) yield [from, Math.min(length, from + slice)];
}

/** Carries work out a stretch at a time. Undefined when it was called off. */
export async function inStretches<T>(work: Generator<void, T>, calledOff: () => boolean): Promise<T | undefined> {
  for (;;) {
    const until = performance.now() + stretch;
    do {
      const step = work.next();
      if (step.done) return step.value;
    } while (performance.now() < until);
    await new Promise((next) => setImmediate(next));
    if (calledOff()) return undefined;
  }
}

const radix = 1 << 16;

// Counted loops in functions of their own: iterators, and loops of generators, take several times as long over ten million.
function countDigits(rows: Uint32Array, keys: Uint32Array, shift: number, starts: Uint32Array, from: number, to: number): void {
  for (let at = from; at < to; at++) starts[(((keys[rows[at] as number] ?? 0) >>> shift) & 0xffff) + 1]!++;
}

function place(rows: Uint32Array, keys: Uint32Array, shift: number, starts: Uint32Array, into: Uint32Array, from: number, to: number): void {
  for (let at = from; at < to; at++) {
    const row = rows[at] as number;
    into[starts[((keys[row] ?? 0) >>> shift) & 0xffff]!++] = row;
  }
}

/**
 * Sorts numbers of rows by a key of 32 bits each, 0 where there is none, stable: two passes of a radix sort, because a
 * comparator takes ten seconds for ten million. The keys must not change meanwhile; `rows` is used up.
 */
export function* sortBy(rows: Uint32Array, keys: Uint32Array): Generator<void, Uint32Array> {
  let from = rows;
  let to: Uint32Array = new Uint32Array(rows.length);
  for (const shift of [0, 16]) {
    const starts = new Uint32Array(radix + 1);
    for (const [begin, end] of slicesOf(rows.length)) yield countDigits(from, keys, shift, starts, begin, end);
    for (let at = 1; at < starts.length; at++) starts[at] = (starts[at] ?? 0) + (starts[at - 1] ?? 0);
    for (const [begin, end] of slicesOf(rows.length)) yield place(from, keys, shift, starts, to, begin, end);
    [from, to] = [to, from];
  }
  return from;
}

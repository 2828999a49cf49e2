/**
 * Reads the beginning of a pickle (Python's pickletools, protocols 2 to 5) without running anything of it: a worker's page holds the
 * first bytes of the task that it took, and they tell its function and its arguments as far as these are plain values.
 */

interface Global {
  module: string;
  name: string;
}

type Value = string | number | boolean | null | Value[] | { global: Global } | { tuple: Value[] } | { object: string } | { pairs: [Value, Value][] } | { mark: true };

const isGlobal = (value: Value | undefined): value is { global: Global } => typeof value === 'object' && value !== null && 'global' in value;
const nameIn = (value: Value | undefined): string => (typeof value === 'string' ? value : '');
const isMark = (value: Value | undefined): boolean => typeof value === 'object' && value !== null && 'mark' in value;

/** What is on the stack of an unpickler when the bytes are used up, or something comes that is not plain. */
function unpickle(bytes: Uint8Array): Value[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: Value[] = [];
  const memo: Value[] = [];
  let at = 0;
  const text = (length: number): string => {
    const cut = bytes.subarray(at, at + length);
    at += length;
    return new TextDecoder().decode(cut) + (cut.length < length ? '…' : '');
  };
  const toMark = (): Value[] => {
    const mark = stack.findLastIndex(isMark);
    return stack.splice(Math.max(mark, 0)).slice(1);
  };
  const take = (count: number): Value[] => stack.splice(Math.max(0, stack.length - count));
  const objectOf = (callable: Value | undefined): Value => ({ object: isGlobal(callable) ? callable.global.name : 'object' });
  while (at < bytes.length) {
    const opcode = bytes[at++] ?? 0;
    const left = bytes.length - at;
    switch (opcode) {
      case 0x80: at += 1; break; // PROTO
      case 0x95: at += 8; break; // FRAME
      case 0x4b: if (left < 1) return stack; stack.push(view.getUint8(at)); at += 1; break; // BININT1
      case 0x4d: if (left < 2) return stack; stack.push(view.getUint16(at, true)); at += 2; break; // BININT2
      case 0x4a: if (left < 4) return stack; stack.push(view.getInt32(at, true)); at += 4; break; // BININT
      case 0x8a: { // LONG1
        const length = bytes[at++] ?? 0;
        if (left < 1 + length) return stack;
        stack.push(integer(bytes.subarray(at, at + length)));
        at += length;
        break;
      }
      case 0x47: if (left < 8) return stack; stack.push(view.getFloat64(at)); at += 8; break; // BINFLOAT
      case 0x4e: stack.push(null); break; // NONE
      case 0x88: stack.push(true); break; // NEWTRUE
      case 0x89: stack.push(false); break; // NEWFALSE
      case 0x8c: case 0x43: { // SHORT_BINUNICODE, SHORT_BINBYTES
        const length = bytes[at++] ?? 0;
        stack.push(opcode === 0x43 ? { object: `bytes of ${length}` } : text(length));
        if (opcode === 0x43) at += length;
        break;
      }
      case 0x58: case 0x42: { // BINUNICODE, BINBYTES
        if (left < 4) return stack;
        const length = view.getUint32(at, true);
        at += 4;
        stack.push(opcode === 0x42 ? { object: `bytes of ${length}` } : text(length));
        if (opcode === 0x42) at += length;
        break;
      }
      case 0x94: memo.push(stack.at(-1) ?? null); break; // MEMOIZE
      case 0x71: memo[bytes[at++] ?? 0] = stack.at(-1) ?? null; break; // BINPUT
      case 0x68: stack.push(memo[bytes[at++] ?? 0] ?? null); break; // BINGET
      case 0x6a: if (left < 4) return stack; stack.push(memo[view.getUint32(at, true)] ?? null); at += 4; break; // LONG_BINGET
      case 0x28: stack.push({ mark: true }); break; // MARK
      case 0x29: stack.push({ tuple: [] }); break; // EMPTY_TUPLE
      case 0x85: case 0x86: case 0x87: stack.push({ tuple: take(opcode - 0x84) }); break; // TUPLE1, TUPLE2, TUPLE3
      case 0x74: stack.push({ tuple: toMark() }); break; // TUPLE
      case 0x5d: stack.push([]); break; // EMPTY_LIST
      case 0x61: { // APPEND
        const [item] = take(1);
        const list = stack.at(-1);
        if (Array.isArray(list) && item !== undefined) list.push(item);
        break;
      }
      case 0x65: { // APPENDS
        const items = toMark();
        const list = stack.at(-1);
        if (Array.isArray(list)) list.push(...items);
        break;
      }
      case 0x7d: stack.push({ pairs: [] }); break; // EMPTY_DICT
      case 0x73: addPairs(take(2), stack.at(-1)); break; // SETITEM
      case 0x75: { // SETITEMS
        const items = toMark();
        addPairs(items, stack.at(-1));
        break;
      }
      case 0x8f: stack.push({ object: 'set' }); break; // EMPTY_SET
      case 0x90: toMark(); break; // ADDITEMS
      case 0x91: toMark(); stack.push({ object: 'frozenset' }); break; // FROZENSET
      case 0x93: { // STACK_GLOBAL
        const [module, name] = take(2);
        stack.push({ global: { module: nameIn(module), name: nameIn(name) } });
        break;
      }
      case 0x52: case 0x81: { // REDUCE, NEWOBJ
        const [callable] = take(2);
        stack.push(objectOf(callable));
        break;
      }
      case 0x62: { // BUILD: the state of an object, of which an executor's item is one
        const [state] = take(1);
        const object = stack.pop();
        stack.push(state !== undefined && typeof object === 'object' && object !== null && 'object' in object && object.object === '_CallItem' ? state : object ?? null);
        break;
      }
      default: return stack;
    }
  }
  return stack;
}

function integer(bytes: Uint8Array): number {
  return bytes.reduceRight((sum, byte, index) => sum * 256 + (index === bytes.length - 1 && byte > 127 ? byte - 256 : byte), 0);
}

function addPairs(items: readonly Value[], dict: Value | undefined): void {
  if (typeof dict !== 'object' || dict === null || !('pairs' in dict)) return;
  for (let index = 0; index + 1 < items.length; index += 2) dict.pairs.push([items[index] ?? null, items[index + 1] ?? null]);
}

const mostItems = 10;

/** A value as Python would write it, shortened. */
function render(value: Value | undefined, depth = 3): string {
  if (value === undefined || value === null) return 'None';
  if (typeof value === 'string') return `'${value.length > 80 ? `${value.slice(0, 79)}…` : value}'`;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (depth === 0) return '…';
  if (Array.isArray(value)) return `[${items(value, depth)}]`;
  if ('tuple' in value) return `(${items(value.tuple, depth)}${value.tuple.length === 1 ? ',' : ''})`;
  if ('pairs' in value) return `{${value.pairs.slice(0, mostItems).map(([key, item]) => `${render(key, depth - 1)}: ${render(item, depth - 1)}`).join(', ')}}`;
  if ('global' in value) return value.global.name;
  return 'object' in value ? `<${value.object}>` : '…';
}

const items = (values: readonly Value[], depth: number): string => `${values.slice(0, mostItems).map((value) => render(value, depth - 1)).join(', ')}${values.length > mostItems ? ', …' : ''}`;

/** A task of a pool or an executor. */
export interface PickledTask {
  function: string;
  arguments?: string;
  number?: number;
  /** how many calls one task makes, where a pool or an executor has put several into one */
  chunk?: number;
}

/** Functions of libraries that call the program's function with the items of a chunk. */
const mappers = new Set(['mapstar', 'starmapstar', '_process_chunk']);

const tupleOf = (value: Value | undefined): Value[] | undefined => (typeof value === 'object' && value !== null && 'tuple' in value ? value.tuple : undefined);

/** What task a pickle holds, as far as its beginning tells; undefined when it is none. */
export function taskIn(bytes: Uint8Array): PickledTask | undefined {
  const stack = unpickle(bytes);
  const whole = stack.length === 1 ? tupleOf(stack[0]) : undefined;
  const values = whole ?? stack.filter((value) => !isMark(value));
  if (typeof values[0] === 'number') return poolTask(values);
  const pairs = stack.flatMap((value) => (typeof value === 'object' && value !== null && 'pairs' in value ? value.pairs : []));
  const loose = stack.filter((value) => !isMark(value));
  return executorTask(new Map(pairs.length > 0 ? pairs.map(([key, value]) => [nameIn(key), value]) : keyed(loose)));
}

/** `(job, number, function, args, kwargs)`, perhaps with its end missing. */
function poolTask(values: readonly Value[]): PickledTask | undefined {
  const [, number, called, args, ...rest] = values;
  if (!isGlobal(called)) return undefined;
  const base = typeof number === 'number' ? { number } : {};
  if (!mappers.has(called.global.name)) return { function: called.global.name, ...base, ...argumentsOf(tupleOf(args)) };
  // The arguments of a mapper are one tuple: the function, and the tuple of its items.
  const inner = tupleOf(tupleOf(args)?.[0]) ?? tupleOf(args) ?? [args ?? null, ...rest];
  const [target, chunk] = inner;
  const list = tupleOf(chunk) ?? inner.slice(1);
  return isGlobal(target) ? { function: target.global.name, ...base, ...argumentsOf(list.slice(0, 1)), ...(list.length > 1 ? { chunk: list.length } : {}) } : undefined;
}

/** The pairs of a dict whose end is missing, from what lies on the stack. */
function keyed(values: readonly Value[]): [string, Value][] {
  const at = values.indexOf('fn');
  return at < 0 ? [] : values.slice(at).flatMap((value, index, all): [string, Value][] => (index % 2 === 0 && index + 1 < all.length ? [[nameIn(value), all[index + 1] ?? null]] : []));
}

function executorTask(fields: ReadonlyMap<string, Value>): PickledTask | undefined {
  const called = fields.get('fn');
  const number = fields.get('work_id');
  const given = fields.get('args');
  const args = Array.isArray(given) ? given : tupleOf(given);
  if (called === undefined) return undefined;
  return { function: isGlobal(called) ? called.global.name : render(called), ...(typeof number === 'number' ? { number } : {}), ...argumentsOf(args) };
}

function argumentsOf(values: readonly Value[] | undefined): { arguments?: string } {
  return values && values.length > 0 ? { arguments: values.map((value) => render(value)).join(', ').slice(0, 400) } : {};
}

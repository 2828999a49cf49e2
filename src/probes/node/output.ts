import { disguise } from './accessor';
import { append } from './journal';
import { quietly } from './quietly';
import { system } from './system';

type Callback = (error?: Error | null) => void;
interface Stream {
  _write: (this: Stream, chunk: unknown, encoding: BufferEncoding, callback: Callback) => void;
  _writev?: ((this: Stream, chunks: { chunk: unknown; encoding: BufferEncoding }[], callback: Callback) => void) | null;
}

/** Bytes kept of each stream. */
const limit = 1024 * 1024;

/**
 * Copies what the program writes to `stream` into `file`, until the limit or the first failure. `tell` hears how long each
 * copy was.
 */
function tap(stream: Stream, file: string, tell: ((length: number) => void) | undefined): void {
  let room = limit;
  const keep = (chunk: unknown, encoding: BufferEncoding): void => {
    if (room <= 0) return;
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : (chunk as Uint8Array);
    const kept = bytes.subarray(0, room);
    room -= kept.length;
    try {
      append(file, kept);
      tell?.(kept.length);
    } catch {
      room = 0;
    }
  };
  const shadow = (key: '_write' | '_writev', value: unknown): void => void Object.defineProperty(stream, key, { value, configurable: true, writable: true, enumerable: false });
  const { _write, _writev } = stream;
  shadow('_write', disguise(function (this: Stream, ...args: Parameters<Stream['_write']>) {
    quietly(() => keep(args[0], args[1]));
    return _write.apply(this, args);
  }, _write));
  if (!_writev) return;
  shadow('_writev', disguise(function (this: Stream, ...args: Parameters<typeof _writev>) {
    quietly(() => args[0].forEach(({ chunk, encoding }) => keep(chunk, encoding)));
    return _writev.apply(this, args);
  }, _writev));
}

/**
 * Where a window shows what children print in the console of their root, a file tells of each write how long it was, and before
 * that where they all go: see tee.py.
 */
function teller(run: string, id: string, descriptor: 1 | 2): (length: number) => void {
  const file = `${run}/out/${id}.to`;
  quietly(() => {
    const { dev, ino } = system.fstatSync(descriptor);
    append(file, `${descriptor} @${dev}:${ino}\n`);
  });
  return (length) => append(file, `${descriptor} ${length}\n`);
}

/** Keeps copies of process.stdout and process.stderr from the moment at which the program first asks for them. */
export function copyOutput(run: string, id: string, isRelayed: boolean): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const tell = isRelayed ? teller(run, id, name === 'stdout' ? 1 : 2) : undefined;
    const descriptor: { get?: (this: unknown) => unknown; configurable?: boolean } | undefined = Object.getOwnPropertyDescriptor(process, name);
    const get = descriptor?.get;
    if (!descriptor?.configurable || !get) continue;
    const tapped = new WeakSet<object>();
    const tapping = function (this: unknown): unknown {
      const stream = get.call(this) as Stream;
      if (tapped.has(stream)) return stream;
      tapped.add(stream);
      quietly(() => tap(stream, `${run}/out/${id}.${name}`, tell));
      return stream;
    };
    Object.defineProperty(process, name, { ...descriptor, get: disguise(tapping, get) });
  }
}

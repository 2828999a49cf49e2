/**
 * One worker of a workload for functions of Node. Descriptor 3 is the runner's pipe both ways, in the words of
 * `python/_procession_worker/serve.py`; 1 and 2 are the log. Reads block, so that a task costs no turn of the event loop.
 *
 * The slot file holds the mark and the answers not yet sent, then a zero byte.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { pathToFileURL, fileURLToPath } from 'node:url';
import { resolve } from 'node:path';

const pipe = 3;
/** Answers wait this many milliseconds at most, as long as tasks come to an end; what waits longer, the runner finds in the slot. */
const patience = 50;
/** The log's end is asked for so often (ms) whatever was printed: not all that prints goes through the streams. */
const exact = 0.1;
const largest = 60_000;

/** Yields the lines of the pipe, as text; ends when the runner closes it or is gone. */
function* lines() {
  const chunk = Buffer.allocUnsafe(1 << 16);
  let parts = [];
  for (;;) {
    let length;
    try {
      length = readSync(pipe, chunk, 0, chunk.length, null);
    } catch (error) {
      if (error.code === 'EAGAIN') {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
        continue;
      }
      return;
    }
    if (length === 0) return;
    let from = 0;
    for (let at = chunk.indexOf(10); at !== -1 && at < length; at = chunk.indexOf(10, from)) {
      const piece = chunk.subarray(from, at);
      const line = parts.length ? Buffer.concat([...parts, piece]).toString() : piece.toString();
      parts = [];
      from = at + 1;
      yield line;
    }
    if (from < length) parts.push(Buffer.from(chunk.subarray(from, length)));
  }
}

function send(text) {
  let data = Buffer.from(text);
  while (data.length) {
    try {
      data = data.subarray(writeSync(pipe, data));
    } catch (error) {
      if (error.code !== 'EAGAIN') process.exit(0);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

const said = (error) => {
  try {
    return error instanceof Error ? String(error.message) : typeof error === 'string' ? error : JSON.stringify(error) ?? String(error);
  } catch {
    return 'an error that can\'t be printed';
  }
};

/** Where the user's own code stood: the first frame that is neither Node's, ours nor a package's. */
function placeOf(stack) {
  for (const frame of String(stack).split('\n')) {
    const found = /\(?((?:file:\/\/|\/|[A-Za-z]:\\)[^()]*?):(\d+):\d+\)?$/.exec(frame.trim()) ?? /^(\/[^:]+|[A-Za-z]:\\[^:]+|file:\/\/[^:]+):(\d+)$/.exec(frame.trim());
    if (!found || found[1] === import.meta.url || found[1].includes('node_modules')) continue;
    return { file: found[1].startsWith('file:') ? fileURLToPath(found[1]) : found[1], line: Number(found[2]) };
  }
  return { file: null, line: null };
}

function failureOf(error) {
  let stack;
  try {
    stack = error instanceof Error ? String(error.stack) : `Uncaught ${said(error)}`;
  } catch {
    stack = '(the stack can\'t be printed)';
  }
  const kept = stack.split('\n').filter((frame) => !frame.includes(import.meta.url)).join('\n').slice(0, 16_384);
  const type = error instanceof Error ? error.constructor?.name ?? 'Error' : typeof error;
  return JSON.stringify({ type, message: said(error).slice(0, 4096), ...placeOf(stack), traceback: kept });
}

class Refusal extends Error {
  constructor(message, facts = {}) {
    super(message);
    this.facts = { message, ...facts };
  }
}

/** The function that `file.mjs:export` means. */
async function load(target, directory) {
  const colon = target.lastIndexOf(':');
  const [place, name] = [target.slice(0, colon), target.slice(colon + 1)];
  const file = resolve(directory, place);
  process.argv = [process.argv[0], file];
  let module;
  try {
    module = await import(pathToFileURL(file).href);
  } catch (error) {
    if (error?.code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[cm]?ts$/.test(place)) throw new Refusal(`${place} is TypeScript, which Node ${process.versions.node} does not run. Name a Node from 22.18 on ("interpreter": "/path/to/node"), or the compiled file.`, { file });
    const { file: where, line } = placeOf(error?.stack ?? '');
    const lost = error?.code === 'ERR_MODULE_NOT_FOUND' ? ' Check the path, or install the package.' : '';
    throw new Refusal(`${place} can't be imported: ${error?.constructor?.name ?? 'error'}: ${said(error)}.${lost}`, { file: where ?? file, line, traceback: String(error?.stack ?? error).slice(0, 16_384) });
  }
  const found = Object.hasOwn(module, name) ? module[name] : module.default?.[name];
  if (typeof found === 'function') return found;
  const known = Object.keys({ ...module.default, ...module }).filter((key) => typeof (module[key] ?? module.default?.[key]) === 'function');
  throw new Refusal(found === undefined
    ? `${place} exports no function "${name}"${known.length ? `. It exports: ${known.join(', ')}.` : '. Put "export" before the function.'}`
    : `${name} of ${place} is no function but ${typeof found}.`, { file });
}

/** What a command's failure is told as: the words of it are made before. */
class Failure {
  constructor(facts) {
    this.facts = facts;
  }
}

/** Each row is an argument list: one process a task, its standard output is the result. For machines without Python. */
function commands(output) {
  const out = openSync(output, 'a+', 0o600);
  // A termination is meant for the task's own process; this one reports how that ended.
  process.on('SIGTERM', () => undefined);
  return (argv) => new Promise((resolve, reject) => {
    const start = fstatSync(out).size;
    const child = spawn(argv[0], argv.slice(1), { stdio: ['ignore', out, 2] });
    child.on('error', (error) => reject(new Failure({ type: 'NotStarted', message: `${argv[0]} ${error.code === 'ENOENT' ? 'is not found' : `could not be started (${error.code})`}` })));
    child.on('exit', (code, signal) => {
      if (signal) reject(new Failure({ type: 'Killed', message: `killed by ${signal}`, signal }));
      else if (code) reject(new Failure({ type: 'Exited', message: `exit code ${code}`, code }));
      else {
        const kept = Buffer.alloc(Math.min(fstatSync(out).size - start, 65_536));
        readSync(out, kept, 0, kept.length, start);
        resolve(kept.toString().replace(/\n+$/, ''));
      }
    });
  });
}

/** What JSON has no word for and would tell as {}: a set as a list, a map as an object, as Python's results. */
const plain = (_, part) => (part instanceof Set ? [...part] : part instanceof Map ? Object.fromEntries(part) : part);

const encode = (value) => {
  let text;
  try {
    text = typeof value === 'object' ? JSON.stringify(value, plain) : JSON.stringify(value);
  } catch (error) {
    const way = typeof value === 'bigint' || /BigInt/.test(said(error)) ? 'Return Number(n) or String(n)' : 'Return plain numbers, texts, lists and objects';
    throw new TypeError(`the result can't be kept as JSON: ${said(error).split('\n')[0]}. ${way}`, { cause: error });
  }
  if (text !== undefined) return text;
  if (value === undefined) return 'null';
  throw new TypeError(`a result of type ${typeof value} can't be kept as JSON. Return numbers, texts, lists or objects; write anything else to a file and return its name`);
};

/** True once something was printed since the log's end was last asked for, which costs a system call. */
let printed = true;
for (const stream of [process.stdout, process.stderr]) {
  const write = stream.write;
  stream.write = function (...args) {
    printed = true;
    return write.apply(this, args);
  };
}

async function serve(call, requests, slot) {
  const base = performance.now();
  const memory = openSync(slot, 'w', 0o600);
  const room = Buffer.alloc(1 << 16);
  const microseconds = (time) => Math.round((time - base) * 1000);
  /** The mark, then answers: what the slot file holds, and what is sent when answers are in it. */
  let [pending, used, answers] = ['', 0, 0];
  let [after, sent, asked, end] = [0, base, 0, 0];
  const keep = (text) => {
    const length = room.write(`${text}\0`);
    writeSync(memory, room, 0, length, used);
    used += length - 1;
  };
  const mark = (started, left) => {
    [pending, used, answers] = [`>${after - left} ${started} ${left}\n`, 0, 0];
    keep(pending);
  };
  const flush = () => {
    if (answers) send(pending);
    answers = 0;
  };
  process.on('exit', flush);
  for (const line of requests) {
    const rows = JSON.parse(line);
    let left = rows.length;
    after += left;
    let started = microseconds(performance.now());
    mark(started, left);
    for (const row of rows) {
      let status = 0;
      let value;
      try {
        const result = call(row);
        value = encode(typeof result?.then === 'function' ? await result : result);
      } catch (error) {
        status = 1;
        value = error instanceof Failure ? JSON.stringify(error.facts) : failureOf(error);
      }
      const now = performance.now();
      const isTime = now - sent > patience;
      if (printed || now - asked > exact) {
        asked = now;
        end = fstatSync(1).size;
        printed = false;
      }
      const ended = microseconds(now);
      const answer = `${status} ${ended - started} ${end} - ${value}\n`;
      started = ended;
      left--;
      answers++;
      pending += answer;
      if (isTime || pending.length > largest / 4) {
        flush();
        sent = now;
        mark(started, left);
      } else keep(answer);
    }
    flush();
    sent = performance.now();
    writeSync(memory, '\0', 0);
  }
}

async function main() {
  const requests = lines();
  const first = requests.next().value;
  if (first === undefined) return;
  const order = JSON.parse(first);
  let call;
  try {
    if (order.mode === 'command') call = commands(order.output);
    else {
      const run = await load(order.target, order.directory);
      call = (row) => (Array.isArray(row) ? run(...row) : run(row));
    }
  } catch (error) {
    send(`${JSON.stringify({ refused: error instanceof Refusal ? error.facts : { message: said(error), traceback: String(error?.stack) } })}\n`);
    return process.exit(0);
  }
  send(`${JSON.stringify({ ready: { version: process.versions.node, epoch: Date.now(), log: fstatSync(1).size } })}\n`);
  await serve(call, requests, order.slot);
  process.exit(process.exitCode ?? 0);
}

// Before the order is read nothing of the user's runs, so that a failure here is ours.
main().catch((error) => {
  appendFileSync(2, `${error?.stack ?? error}\n`);
  process.exit(70);
});

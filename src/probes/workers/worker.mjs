/**
 * One worker of a workload for functions of Node. Descriptor 3 is the runner's pipe both ways, in the words of
 * `python/_procession_worker/serve.py`; 1 and 2 are the log. Reads block, so that a task costs no turn of the event loop.
 *
 * The slot file holds the mark and the answers not yet sent, then a zero byte.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, fstatSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL, fileURLToPath } from 'node:url';
import { TextDecoder } from 'node:util';
import { aside, identityOf, Log } from './descriptors.mjs';
import { encoder, longest, Unkept } from './results.mjs';

const pipe = 3;
const identity = identityOf(pipe);
/** Answers wait this many milliseconds at most, as long as tasks come to an end; what waits longer, the runner finds in the slot. */
const patience = 50;
/** The log's end is asked for so often (ms) whatever was printed: not all that prints goes through the streams. */
const exact = 0.1;
const largest = 60_000;
/** After a task that took this long (µs), its descriptors are looked after; after shorter ones with the next batch. */
const noticeable = 1000;

/** Yields the lines of the pipe, as text; ends when the runner closes it or is gone. */
function* lines() {
  const chunk = Buffer.allocUnsafe(1 << 16);
  let parts = [];
  for (;;) {
    let length;
    try {
      if (identityOf(pipe) !== identity) return;
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

/** False when the pipe is lost: the user's code has closed it, or the runner is gone. */
function send(text) {
  let data = Buffer.from(text);
  while (data.length) {
    try {
      if (identityOf(pipe) !== identity) return false;
      data = data.subarray(writeSync(pipe, data));
    } catch (error) {
      if (error.code !== 'EAGAIN') return false;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
  return true;
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

/** Where the target is defined, for what no stack tells. */
function definitionOf(target, directory) {
  const colon = target.lastIndexOf(':');
  const file = resolve(directory, target.slice(0, colon));
  try {
    const name = target.slice(colon + 1).replaceAll(/[$.]/g, '\\$&');
    const defined = new RegExp(`(?:function\\s*\\*?|const|let|var|exports\\.|export\\s+default)\\s*${name}\\b`);
    const line = readFileSync(file, 'utf8').split('\n').findIndex((text) => defined.test(text));
    return { file, line: line === -1 ? null : line + 1 };
  } catch {
    return { file, line: null };
  }
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
    if (argv.some((word) => !word.isWellFormed())) throw new Failure({ type: 'NotStarted', message: `${argv[0]} could not be started: an argument holds bytes that are no UTF-8, for which a Python is needed on PATH` });
    const child = spawn(argv[0], argv.slice(1), { stdio: ['ignore', out, 2] });
    child.on('error', (error) => reject(new Failure({ type: 'NotStarted', message: `${argv[0]} ${error.code === 'ENOENT' ? 'is not found' : `could not be started (${error.code})`}` })));
    child.on('exit', (code, signal) => {
      if (signal) reject(new Failure({ type: 'Killed', message: `killed by ${signal}`, signal }));
      else if (code) reject(new Failure({ type: 'Exited', message: `exit code ${code}`, code }));
      else {
        const length = fstatSync(out).size - start;
        if (length > longest / 8) return reject(new Failure({ type: 'TooLong', message: `the command has printed ${length >> 20} MB, and ${longest >> 23} MB is the most that is kept as a result. Have it write to a file` }));
        const kept = Buffer.alloc(length);
        for (let at = 0; at < length;) at += readSync(out, kept, at, length - at, start + at);
        resolve(textOf(kept).replace(/\n+$/, ''));
      }
    });
  });
}

/** The text of UTF-8; where it is none, each byte beyond ASCII is half a surrogate, U+DC80 to U+DCFF, so that it can be told. */
function textOf(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes.toString('latin1').replaceAll(/[\x80-\xff]/g, (byte) => String.fromCharCode(0xdc00 + byte.charCodeAt(0)));
  }
}

/** True once something was printed since the log's end was last asked for, which costs a system call. */
let printed = true;
for (const stream of [process.stdout, process.stderr]) {
  const write = stream.write;
  stream.write = function (...args) {
    printed = true;
    return write.apply(this, args);
  };
}

/** Serves batches until the runner closes the pipe or is gone. `unkept`: tells a result that can't be kept. */
async function serve({ call, encode, unkept, log, slot }, requests) {
  const base = performance.now();
  let memory = aside(() => openSync(slot, 'r+'));
  const room = Buffer.alloc(1 << 16);
  const microseconds = (time) => Math.round((time - base) * 1000);
  /** The mark, then answers: what the slot file holds, and what is sent when answers are in it. */
  let [pending, used, answers] = ['', 0, 0];
  let [after, sent, asked, end] = [0, base, 0, 0];
  const put = (bytes, length, at) => {
    try {
      writeSync(memory, bytes, 0, length, at);
    } catch {
      memory = aside(() => openSync(slot, 'r+'));
      writeSync(memory, bytes, 0, length, at);
    }
  };
  const keep = (text) => {
    const length = room.write(`${text}\0`);
    put(room, length, used);
    used += length - 1;
  };
  const mark = (started, left) => {
    [pending, used, answers] = [`>${after - left} ${started} ${left}\n`, 0, 0];
    keep(pending);
  };
  /** Where the pipe is lost, the answers are left in the slot, after which no task runs. */
  const flush = () => {
    if (answers && !send(pending)) {
      const last = Buffer.from(`${pending.replace(/^(>\d+ \d+) \d+/, `$1 ${answers}`)}\0`);
      put(last, last.length, 0);
      answers = 0;
      process.exit(0);
    }
    answers = 0;
  };
  // Whatever of the user's ends this process, what it has answered is known.
  process.on('exit', () => answers && send(pending));
  for (const line of requests) {
    const rows = JSON.parse(line);
    log.mend();
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
        value = error instanceof Failure ? JSON.stringify(error.facts) : error instanceof Unkept ? unkept(error) : failureOf(error);
      }
      const now = performance.now();
      const isTime = now - sent > patience;
      if (printed || now - asked > exact) {
        asked = now;
        end = log.end();
        printed = false;
      }
      const ended = microseconds(now);
      if (ended - started > noticeable) log.mend();
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
    put(zero, 1, 0);
  }
}

const zero = Buffer.alloc(1);

/** A file whose name is no UTF-8 can't be opened by a string of JavaScript. */
function reachable(name) {
  if (typeof name === 'string' && !name.isWellFormed()) throw new Failure({ type: 'NotReachable', message: `the name of the file holds bytes that are no UTF-8, which no string of JavaScript reaches: ${JSON.stringify(name)}. Rename the file, or use a Python function or a command` });
  return name;
}

async function main() {
  const requests = lines();
  const first = requests.next().value;
  if (first === undefined) return;
  const order = JSON.parse(first);
  const job = { encode: encoder(order.nan === 'null'), slot: order.slot };
  try {
    job.log = new Log(order.log);
    // All of it is written once: later a full disk takes what stands there.
    writeFileSync(order.slot, Buffer.alloc(1 << 16), { mode: 0o600 });
    if (order.mode === 'command') job.call = commands(order.output);
    else {
      const run = await load(order.target, order.directory);
      const call = (row) => (Array.isArray(row) ? run(...row) : run(row));
      job.call = order.names ? (name) => call(reachable(name)) : call;
      job.unkept = ({ message }) => JSON.stringify({ type: 'TypeError', message, ...definitionOf(order.target, order.directory), traceback: `TypeError: ${message}` });
    }
  } catch (error) {
    send(`${JSON.stringify({ refused: error instanceof Refusal ? error.facts : { message: `the worker can't start: ${said(error)}`, traceback: String(error?.stack), unwritable: ['ENOSPC', 'EDQUOT', 'EROFS'].includes(error?.code) ? error.code : null } })}\n`);
    return process.exit(0);
  }
  send(`${JSON.stringify({ ready: { version: process.versions.node, epoch: Date.now(), log: fstatSync(1).size } })}\n`);
  await serve(job, requests);
  process.exit(process.exitCode ?? 0);
}

// Before the order is read nothing of the user's runs, so that a failure here is ours.
main().catch((error) => {
  appendFileSync(2, `${error?.stack ?? error}\n`);
  process.exit(70);
});

import { argumentLimit, bounded } from './bounds';
import type { Event, EventType } from './events';
import { answerShape, lookShape, portsShape, tasksShape } from './insight/facts';
import { hasShape } from './insight/shape';

/** The words that a field may hold where it is one of a few. */
const enumerations = {
  runtime: ['python', 'node', 'other'], role: ['child', 'worker', 'helper'], life: ['running', 'exited'], sender: ['procession'], reaper: ['init', 'subreaper'],
} as const;
type Enumeration = keyof typeof enumerations;

/** What a field of an event must be. A trailing `?` means that it may be absent. */
type Shape = 'string' | 'number' | 'integer' | 'boolean' | 'strings' | 'ref' | 'refs' | 'site' | 'code' | 'name-or-null' | 'look' | 'answer' | 'ports' | 'tasks' | Enumeration;
type Field = Shape | `${Shape}?`;

const ending = { code: 'code', signal: 'name-or-null' } as const;

/** Every event type with its fields; `t` and `id` are checked for all. Kept equal to `events.ts` by a test. */
const vocabulary: Record<EventType, Record<string, Field>> = {
  start: {
    ppid: 'integer', pgid: 'integer?', parent: 'ref?', runtime: 'runtime', version: 'string?', argv: 'strings', cwd: 'string?', exe: 'string?',
    method: 'string?', name: 'string?', daemon: 'boolean?', site: 'site?', threads: 'integer?', host: 'string?',
  },
  spawn: {
    child: 'ref', method: 'string', name: 'string?', daemon: 'boolean?', role: 'role?', target: 'site?', args: 'string?',
    argv: 'strings?', cwd: 'string?', site: 'site?', threads: 'integer?',
  },
  call: { method: 'string', argv: 'strings?', site: 'site?', thread: 'integer?' },
  spawnFailed: { method: 'string', message: 'string', argv: 'strings?', site: 'site?' },
  self: {
    name: 'string?', daemon: 'boolean?', role: 'role?', method: 'string?', target: 'site?', rank: 'integer?',
    localRank: 'integer?', worldSize: 'integer?',
  },
  exec: { argv: 'strings', site: 'site?' },
  error: { type: 'string', message: 'string', traceback: 'string', thread: 'string?', site: 'site?' },
  exit: { ...ending, via: 'string?', site: 'site?', cpu: 'number?', rss: 'number?' },
  reap: { child: 'ref', ...ending },
  read: { child: 'ref' },
  signal: { to: 'ref', signal: 'string', by: 'sender?', via: 'string?', site: 'site?' },
  submit: { child: 'ref?', thread: 'integer?', site: 'site' },
  retire: { child: 'ref', via: 'string?', site: 'site?' },
  thread: {
    thread: 'integer', state: 'life', name: 'string?', file: 'string?', code: 'code?', site: 'site?', from: 'integer?', tid: 'integer?', self: 'boolean?',
    terminated: 'boolean?', exitSite: 'site?',
  },
  run: {
    run: 'string', command: 'strings', cwd: 'string', host: 'string', platform: 'string?', bootTime: 'number?', tickMs: 'number?',
  },
  root: { child: 'ref' },
  launchFailed: { message: 'string' },
  rootExit: { child: 'ref', ...ending },
  end: { reason: 'string?' },
  seen: {
    child: 'ref', ppid: 'integer', pgid: 'integer?', sid: 'integer?', comm: 'string?', argv: 'strings?', cwd: 'string?', exe: 'string?',
    startedAt: 'number?', parent: 'ref?', innerPid: 'integer?', aliases: 'refs?', reaper: 'reaper?',
  },
  sample: { child: 'ref', ppid: 'integer', state: 'string', cpu: 'number', load: 'number?', rss: 'number', threads: 'integer?' },
  zombie: { child: 'ref', ...ending },
  gone: { child: 'ref', cpu: 'number?', rss: 'number?', active: 'number?' },
  outOfMemory: { since: 'number', kills: 'integer', evidence: 'string' },
  look: { child: 'ref', round: 'number', view: 'look' },
  answer: { child: 'ref', round: 'number', view: 'answer' },
  tasks: { child: 'ref', view: 'tasks' },
  crowd: { running: 'integer', cores: 'integer', members: 'strings' },
  ports: { child: 'ref', view: 'ports' },
  inquiry: { round: 'number', reason: 'string', strangers: 'strings?' },
  problem: { kind: 'string', message: 'string' },
};

interface Check {
  name: string;
  shape: Shape;
  optional: boolean;
}

const checks = new Map<string, readonly Check[]>(
  Object.entries(vocabulary).map(([type, fields]) => [
    type,
    Object.entries(fields).map(([name, field]) => ({ name, shape: field.replace('?', '') as Shape, optional: field.endsWith('?') })),
  ]),
);

const reference = /^-?\d{1,12}(@\d{1,12})?(\.\w{1,24})?$/;
/** Pid namespaces nest at most 32 deep (pid_namespaces(7)). */
const mostAliases = 32;
/** What was found right last: most lines of a file have the same id, and tell of a child more than once. */
const right = { id: '', child: '' };

function isReference(value: unknown, kind: keyof typeof right): value is string {
  if (value === right[kind]) return true;
  if (typeof value !== 'string' || !reference.test(value)) return false;
  right[kind] = value;
  return true;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

function fits(value: unknown, shape: Shape): boolean {
  switch (shape) {
    case 'string':
      return typeof value === 'string';
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'integer':
      return Number.isSafeInteger(value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'strings':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    case 'ref':
      return isReference(value, 'child');
    case 'refs':
      return Array.isArray(value) && value.length <= mostAliases && value.every((item) => typeof item === 'string' && reference.test(item));
    case 'site':
      return isObject(value) && typeof value.file === 'string' && Number.isSafeInteger(value.line)
        && (value.function === undefined || typeof value.function === 'string') && Object.values(value).every((part) => typeof part !== 'object');
    case 'code':
      return value === null || Number.isSafeInteger(value);
    case 'name-or-null':
      return value === null || typeof value === 'string';
    case 'look':
      return hasShape(value, lookShape);
    case 'answer':
      return hasShape(value, answerShape);
    case 'tasks':
      return hasShape(value, tasksShape);
    case 'ports':
      return hasShape(value, portsShape);
    default:
      return (enumerations[shape] as readonly unknown[]).includes(value);
  }
}

/** Latest time that is taken for real: the year 2286. */
const lastTime = 1e13;

/**
 * Reads one line of an event file. Returns the event; `'unknown'` for a well-formed event of a type that
 * this version does not know (written by a newer probe); `'garbled'` for anything else. Never throws.
 */
export function parseEvent(line: string): Event | 'unknown' | 'garbled' {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'garbled';
  }
  if (!isObject(value) || typeof value.e !== 'string' || !isReference(value.id, 'id')) return 'garbled';
  if (typeof value.t !== 'number' || !(value.t > 0 && value.t < lastTime)) return 'garbled';
  const fields = checks.get(value.e);
  if (!fields) return 'unknown';
  let known = 3;
  for (const { name, shape, optional } of fields) {
    const field = value[name];
    if (field !== undefined) known++;
    if (field === undefined ? !optional : !fits(field, shape)) return 'garbled';
  }
  const event = (Object.keys(value).length === known ? value : onlyKnown(value, fields)) as unknown as Event;
  // What is short as a whole has no part that is long.
  return line.length > argumentLimit ? bounded(event) : event;
}

/** What a newer probe adds to an event is not understood here, and what a hostile line adds must not be kept. */
function onlyKnown(value: Record<string, unknown>, fields: readonly Check[]): Record<string, unknown> {
  const names = ['e', 't', 'id', ...fields.map(({ name }) => name)];
  return Object.fromEntries(names.filter((name) => value[name] !== undefined).map((name) => [name, value[name]]));
}

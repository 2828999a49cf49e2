import fc from 'fast-check';
import type { Event } from '../../src/core/events';

/**
 * Events of a small world for property tests: few pids, few starts, few times, so that facts meet and contradict each other.
 */
const pid = fc.integer({ min: 2, max: 6 });
const outside = fc.tuple(pid, fc.integer({ min: 1, max: 3 })).map(([p, s]) => `${p}.${s}`);
/** What the pid namespace 9 calls a process. */
const insideOf = (name: string): string => name.replace(/^(\d+)/, (p) => `${Number(p) + 1}@9`);
const exact = fc.oneof({ weight: 6, arbitrary: outside }, { weight: 1, arbitrary: outside.map(insideOf) });
const ref = fc.oneof({ weight: 4, arbitrary: exact }, { weight: 1, arbitrary: pid.map(String) }, { weight: 1, arbitrary: pid.map(String).map(insideOf) });
const group = fc.oneof({ weight: 2, arbitrary: pid.map((p) => `-${p}`) }, { weight: 1, arbitrary: fc.constantFrom('-1', '-1@9', '-3@9') });
// Most happens at once; some comes so much later that waiting for it is over.
const t = fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 1000, max: 1100 }) }, { weight: 1, arbitrary: fc.integer({ min: 1000, max: 19_000 }) });
const name = fc.constantFrom('a', 'b', 'c');
const ending = fc.constantFrom(
  { code: 0, signal: null }, { code: 3, signal: null }, { code: 143, signal: null }, { code: null, signal: 'SIGTERM' }, { code: null, signal: 'SIGKILL' }, { code: null, signal: null },
);
const argv = fc.constantFrom<string[]>(['python3', 'x.py'], ['sh', '-c', 'y'], ['node', 'z.js'], ['nginx: worker', '', ''], ['python3', '-c', 'from multiprocessing.resource_tracker import main'], []);
const role = fc.constantFrom('child' as const, 'worker' as const, 'helper' as const);
const site = fc.constantFrom({ file: '/a.py', line: 1 }, { file: '/lib/site-packages/p.py', line: 2 });
const sent = { signal: fc.constantFrom('SIGTERM', 'SIGKILL'), via: fc.constantFrom('os.kill', 'Pool.terminate') };

/** What an inquiry shows: threads that wait for children, pipes and memory of this small world. */
const looked = fc.record({
  threads: fc.array(fc.record({ tid: pid, name, ran: pid, on: fc.constantFrom('cpu', 'child', 'futex', 'files', 'time', 'stopped'), since: t, pid, files: fc.constant<{ fd: number; want: string }[]>([{ fd: 3, want: 'read' }]) }, { requiredKeys: ['tid', 'name', 'ran', 'on', 'since'] }), { maxLength: 2 }),
  files: fc.array(fc.record({ fd: fc.constant(3), object: fc.constantFrom('pipe:[1]', 'pipe:[2]'), way: fc.constantFrom('r', 'w', 'rw') }), { maxLength: 2 }),
  shared: fc.constant<never[]>([]), ppid: pid, leads: fc.boolean(), heard: t, catches: fc.constant<string[]>([]), hidden: fc.constant<string[]>([]),
});

/** Any event of the vocabulary. */
export const event: fc.Arbitrary<Event> = fc.oneof<fc.Arbitrary<Event>[]>(
  fc.record({ e: fc.constant('start' as const), id: exact, t, ppid: pid, parent: exact, runtime: fc.constantFrom('python' as const, 'node' as const), argv, method: fc.constantFrom('fork', 'os.fork'), pgid: pid }),
  fc.record({ e: fc.constant('start' as const), id: exact, t, ppid: pid, runtime: fc.constant('python' as const), argv, host: name }),
  fc.record({ e: fc.constant('spawn' as const), id: exact, t, child: ref, method: fc.constantFrom('fork', 'os.fork', 'subprocess'), name, daemon: fc.boolean(), role, argv }),
  fc.record({ e: fc.constant('self' as const), id: exact, t, name: fc.oneof(name, fc.constant('MainProcess')), daemon: fc.boolean(), rank: fc.integer({ min: 0, max: 2 }) }),
  fc.record({ e: fc.constant('self' as const), id: exact, t, role }),
  fc.record({ e: fc.constant('exec' as const), id: exact, t, argv }),
  fc.record({ e: fc.constant('error' as const), id: exact, t, type: fc.oneof(name, fc.constant('KeyboardInterrupt')), message: name, traceback: name }),
  fc.tuple(exact, t, ending, fc.constantFrom('return', 'os._exit')).map(([id, at, end, via]): Event => ({ e: 'exit', id, t: at, ...end, via })),
  fc.tuple(exact, t, ref, ending).map(([id, at, child, end]): Event => ({ e: 'reap', id, t: at, child, ...end })),
  fc.tuple(exact, t, ref, ending).map(([id, at, child, end]): Event => ({ e: 'rootExit', id, t: at, child, ...end })),
  fc.record({ e: fc.constant('signal' as const), id: exact, t, to: fc.oneof(ref, group), ...sent }),
  fc.record({ e: fc.constant('signal' as const), id: exact, t, to: fc.oneof(ref, group), ...sent, site }),
  fc.record({ e: fc.constant('signal' as const), id: exact, t, to: ref, ...sent, by: fc.constant('procession' as const) }),
  fc.record({ e: fc.constant('thread' as const), id: exact, t, thread: fc.integer({ min: 1, max: 3 }), state: fc.constantFrom('running' as const, 'exited' as const), name }),
  fc.record({ e: fc.constant('error' as const), id: exact, t, type: name, message: name, traceback: name, thread: name }),
  fc.record({ e: fc.constant('self' as const), id: exact, t, method: fc.constantFrom('spawn', 'forkserver'), name }),
  fc.record({ e: fc.constant('read' as const), id: exact, t, child: ref }),
  fc.record({ e: fc.constant('call' as const), id: exact, t, method: name, argv, site }),
  fc.record({ e: fc.constant('submit' as const), id: exact, t, child: ref, site }),
  fc.record({ e: fc.constant('retire' as const), id: exact, t, child: ref, via: name, site }),
  fc.record({ e: fc.constant('thread' as const), id: exact, t, thread: fc.integer({ min: 1, max: 3 }), state: fc.constantFrom('running' as const, 'exited' as const), self: fc.boolean(), terminated: fc.boolean(), tid: pid, from: pid, site, exitSite: site }),
  fc.record({ e: fc.constant('crowd' as const), id: exact, t, running: fc.integer({ min: 2, max: 40 }), cores: fc.constant(2), members: fc.array(exact, { maxLength: 3 }) }),
  fc.record({ e: fc.constant('ports' as const), id: exact, t, child: exact, view: fc.array(fc.record({ port: pid, holder: exact, text: name }), { maxLength: 2 }) }),
  fc.record({ e: fc.constant('look' as const), id: exact, t, child: exact, round: t, view: looked }),
  fc.record({ e: fc.constant('answer' as const), id: exact, t, child: exact, round: t, view: fc.record({ threads: fc.array(fc.record({ tid: pid, name, frames: fc.array(fc.record({ file: name, line: pid, function: fc.constantFrom('join', 'get', 'f'), own: fc.boolean() })) }), { maxLength: 2 }) }) }),
  fc.record({ e: fc.constant('inquiry' as const), id: exact, t, round: t, reason: name }),
  fc.record({ e: fc.constant('tasks' as const), id: exact, t, child: exact, view: fc.record({ started: pid, done: pid, failed: pid, bytes: pid, busy: pid, longest: pid, untimed: pid, functions: fc.constant<{ function: string }[]>([{ function: 'f' }]), spans: fc.array(fc.record({ t, ms: pid, function: fc.constant(1), failed: fc.boolean() }), { maxLength: 3 }) }) }),
  fc.record({ e: fc.constant('root' as const), id: exact, t, child: ref }),
  fc.record({ e: fc.constant('seen' as const), id: exact, t, child: ref, ppid: fc.oneof(pid, fc.constant(1)), pgid: pid, sid: pid, argv, comm: name, startedAt: t }),
  fc.record({ e: fc.constant('seen' as const), id: exact, t, child: ref, ppid: pid, argv, comm: name, parent: exact }),
  fc.tuple(outside, t, pid, argv).map(([child, at, ppid, words]): Event => ({ e: 'seen', id: '1.1', t: at, child, ppid, argv: words, aliases: [insideOf(child)], innerPid: parseInt(insideOf(child), 10), reaper: 'init' })),
  fc.record({ e: fc.constant('sample' as const), id: exact, t, child: ref, ppid: pid, state: fc.constantFrom('R', 'S', 'T'), cpu: fc.integer({ min: 0, max: 5 }), rss: fc.integer({ min: 0, max: 9 }) }),
  fc.tuple(exact, t, ref, ending).map(([id, at, child, end]): Event => ({ e: 'zombie', id, t: at, child, ...end })),
  fc.record({ e: fc.constant('gone' as const), id: exact, t, child: ref, cpu: fc.integer({ min: 0, max: 5 }) }),
  fc.record({ e: fc.constant('run' as const), id: exact, t, run: name, command: argv, cwd: name, host: name, bootTime: fc.constant(990), tickMs: fc.constant(10) }),
  fc.record({ e: fc.constant('end' as const), id: exact, t }),
  fc.record({ e: fc.constant('outOfMemory' as const), id: exact, t, since: t, kills: fc.integer({ min: 0, max: 2 }), evidence: name }),
  fc.record({ e: fc.constant('problem' as const), id: exact, t, kind: name, message: name }),
  fc.record({ e: fc.constant('spawnFailed' as const), id: exact, t, method: name, message: name }),
);

import { appendFileSync, closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Event } from '../../../src/core/events';
import { createRunDirectory, eventsOf, writeDescription } from '../../../src/observe/record/runDirectory';

const host = 'bench';
const bootTime = 1_700_000_000_000;
const root = '100.1000';

/** Commands that one worker of the run starts, one after the other. */
const commandsOf = 60;
/** Events that one worker makes, with its commands. */
const eventsOfWorker = 6 + commandsOf * 4;

const site = { file: '/home/someone/project/pipeline/stage.py', line: 42, function: 'encode' };
const argv = ['/usr/bin/ffmpeg', '-i', '/data/in/clip-000123.mp4', '-c:v', 'libx264', '-preset', 'fast', '/data/out/clip-000123.mkv'];

/** What one worker and those who observe it write: its own file, and its parent's and the launcher's lines. */
function worker(number: number, t: number): { id: string; own: Event[]; root: Event[]; launcher: Event[] } {
  const id = `${1_000 + number}.${number * 10}`;
  const target = { ...site, function: 'worker' };
  const own: Event[] = [
    { e: 'start', t, id, ppid: 100, parent: root, runtime: 'python', version: '3.13.0', argv: ['python', 'pipeline.py'], cwd: '/home/someone/project', method: 'fork' },
    { e: 'self', t: t + 1, id, name: `ForkProcess-${number}`, daemon: false, role: 'worker' },
  ];
  const launcher: Event[] = [{ e: 'seen', t: t + 2, id: '99.900', child: id, ppid: 100, comm: 'python', argv: ['python', 'pipeline.py'], startedAt: t }];
  for (let command = 0; command < commandsOf; command++) {
    const child = `${100_000 + number * commandsOf + command}.${number * 10 + command}`;
    const at = t + 3 + command * 5;
    own.push({ e: 'spawn', t: at, id, child, method: 'subprocess', argv, site }, { e: 'reap', t: at + 4, id, child, code: 0, signal: null });
    launcher.push({ e: 'seen', t: at + 1, id: '99.900', child, ppid: 1_000 + number, comm: 'ffmpeg', argv, startedAt: at }, { e: 'gone', t: at + 4, id: '99.900', child, cpu: 0.3, rss: 31_457_280 });
  }
  const end = t + 4 + commandsOf * 5;
  own.push({ e: 'exit', t: end, id, code: 0, signal: null, via: 'return', cpu: 1.5, rss: 52_428_800 });
  return {
    id, own, launcher,
    root: [
      { e: 'spawn', t, id: root, child: id, method: 'fork', name: `ForkProcess-${number}`, daemon: false, role: 'worker', target, args: `(<queue>, ${number})`, site },
      { e: 'reap', t: end + 1, id: root, child: id, code: 0, signal: null },
    ],
  };
}

const lines = (events: readonly Event[]): string => events.map((event) => `${JSON.stringify(event)}\n`).join('');

/** Writes the record of a run of at least `wanted` events by workers that come and go, each with a file of its own. Gives the number of events. */
export function writeLongRun(run: string, wanted: number): number {
  createRunDirectory(run);
  writeDescription(run, { schema: 'procession.run/1', id: 'long', command: ['python', 'pipeline.py'], cwd: '/', startedAt: bootTime, observer: null });
  const file = (id: string): string => join(eventsOf(run), `${id}.ndjson`);
  const launcher = openSync(file('launcher-99.900'), 'a');
  const parent = openSync(file(root), 'a');
  writeSync(launcher, lines([
    { e: 'run', t: bootTime, id: '99.900', run: 'long', command: ['python', 'pipeline.py'], cwd: '/', host, platform: 'linux', bootTime, tickMs: 10 },
    { e: 'root', t: bootTime, id: '99.900', child: root },
  ]));
  writeSync(parent, lines([{ e: 'start', t: bootTime, id: root, ppid: 99, runtime: 'python', argv: ['python', 'pipeline.py'], cwd: '/' }]));
  const workers = Math.ceil(wanted / eventsOfWorker);
  for (let number = 0; number < workers; number++) {
    const made = worker(number, bootTime + 1_000 + number * 350);
    appendFileSync(file(made.id), lines(made.own));
    writeSync(parent, lines(made.root));
    writeSync(launcher, lines(made.launcher));
  }
  closeSync(launcher);
  closeSync(parent);
  return 3 + workers * eventsOfWorker;
}

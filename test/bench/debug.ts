import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAdapter, startAdapter, type Connection } from '../../src/debug/connection';
import type { Message } from '../../src/debug/protocol';
import { observedEnvironment } from '../../src/launch/environment';
import { pythonWithDebugpy } from '../host/debugging/debugpy';
import { attachTime, cases } from './lib/attaching';
import { format, median, tableOf, type Options, type Result } from './lib/bench';

export const name = 'debug';

/** A pool of 16 comes up and does one thing each; prints how long that took, in ms. */
const program = `
import multiprocessing, sys, time

def work(number):
    time.sleep(0.01)
    return number

if __name__ == '__main__':
    began = time.monotonic()
    with multiprocessing.get_context(sys.argv[1]).Pool(16) as pool:
        pool.map(work, range(64), 1)
        print('took', (time.monotonic() - began) * 1000, flush=True)
`;

interface Variant {
  label: string;
  /** debugpy follows children, and each gets a client, as an editor would give it */
  follow: boolean;
  probe: boolean;
}

const variants: Variant[] = [
  { label: 'debugpy, no debugger in children', follow: false, probe: false },
  { label: 'Procession, onDemand', follow: false, probe: true },
  { label: 'debugpy, subProcess', follow: true, probe: false },
  { label: 'Procession, all', follow: true, probe: true },
];

/** Serves one session: answers what a client must, attaches to every child that is offered. */
function serve(open: (heard: (message: Message) => void) => Connection, command: 'launch' | 'attach', configuration: Record<string, unknown>, output: (text: string) => void, ended: () => void): Connection {
  let seq = 0;
  const connection = open((message) => {
    if (message.type === 'response' && message.command === 'initialize') say(command, configuration);
    if (message.event === 'initialized') say('configurationDone', {});
    if (message.event === 'output' && typeof message.body?.output === 'string') output(message.body.output);
    if (message.event === 'terminated') {
      connection.close();
      ended();
    }
    if (message.type === 'request' && message.command === 'startDebugging') {
      connection.send({ seq: ++seq, type: 'response', request_seq: message.seq, command: 'startDebugging', success: true });
      const child = message.arguments?.configuration as { connect: { host: string; port: number } };
      serve((heard) => connectAdapter(child.connect.host, child.connect.port, { message: heard, closed: () => undefined }), 'attach', { ...child }, () => undefined, () => undefined);
    }
  });
  const say = (request: string, body: Record<string, unknown>): void => connection.send({ seq: ++seq, type: 'request', command: request, arguments: body });
  say('initialize', { adapterID: 'bench', clientID: 'vscode', pathFormat: 'path', linesStartAt1: true, columnsStartAt1: true, supportsStartDebuggingRequest: true });
  return connection;
}

async function once(python: string, file: string, method: string, { follow, probe }: Variant): Promise<number> {
  const run = mkdtempSync(join(tmpdir(), 'procession-bench-'));
  for (const folder of ['events', 'out']) mkdirSync(join(run, folder));
  const observed = observedEnvironment(process.env, { run, probes: join(__dirname, '../../dist/probes'), ancestor: '1.1', keepOutput: true, debugged: true, chosen: follow });
  const { PROCESSION, PYTHONPATH, NODE_OPTIONS } = observed;
  let text = '';
  try {
    await new Promise<void>((done, fail) => {
      const late = setTimeout(() => fail(new Error(`no end within 60 s: ${text}`)), 60_000);
      const ended = (): void => {
        clearTimeout(late);
        done();
      };
      serve((heard) => startAdapter([python, '-m', 'debugpy.adapter'], process.env, { message: heard, closed: ended }), 'launch', {
        name: 'bench', type: 'python', request: 'launch', program: file, args: [method], console: 'internalConsole', python: [python], subProcess: follow, redirectOutput: true,
        ...(probe ? { env: { PROCESSION, PYTHONPATH, NODE_OPTIONS } } : {}),
      }, (more) => {
        text += more;
      }, ended);
    });
  } finally {
    rmSync(run, { recursive: true, force: true, maxRetries: 5 });
  }
  const took = Number(/took\s+([\d.]+)/.exec(text)?.[1]);
  if (!(took > 0)) throw new Error(`the program did not tell its time: ${text}`);
  return took;
}

/** Attaching to members that run without a debugger, until their stack is there: median ms. */
async function attaching(python: string, rounds: number): Promise<{ label: string; ms: number }[]> {
  const times = cases.map((): number[] => []);
  for (let round = 0; round < rounds; round++) for (const [index, one] of cases.entries()) times[index]?.push(await attachTime(python, one));
  return cases.map(({ label }, index) => ({ label, ms: median(times[index] ?? []) }));
}

/** Start-up of 16 pool workers under a debugger, variants alternated; and attaching: median ms. */
export async function run({ quick }: Options): Promise<Result> {
  const python = pythonWithDebugpy();
  const folder = mkdtempSync(join(tmpdir(), 'procession-bench-'));
  const file = join(folder, 'pool.py');
  writeFileSync(file, program);
  const rows = [];
  try {
    for (const method of quick ? ['fork'] : ['fork', 'spawn']) {
      const times = variants.map((): number[] => []);
      for (let round = 0; round < (quick ? 1 : 5); round++) for (const [index, variant] of variants.entries()) times[index]?.push(await once(python, file, method, variant));
      for (const [index, { label }] of variants.entries()) rows.push({ method, label, ms: median(times[index] ?? []), base: median(times[index < 2 ? 0 : 2] ?? []) });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const attached = await attaching(python, quick ? 1 : 5);
  const pools = tableOf(['16 pool workers', 'start', 'ms', '× debugpy alone'], rows.map(({ method, label, ms, base }) => [label, method, format(ms), format(ms / base)]));
  return { rows: [...rows, ...attached], table: `${pools}\n\n${tableOf(['attach to', 'ms to its stack'], attached.map(({ label, ms }) => [label, format(ms)]))}` };
}

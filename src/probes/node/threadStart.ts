import { onRead } from './accessor';
import { diagnosticsChannel } from './builtins';
import { mayUseBinding } from './flags';
import { tellThread } from './handover';
import { runIsGone } from './journal';
import { filler } from './preloads';
import { quietly } from './quietly';
import { callers } from './site';
import { system } from './system';
import type { Taken } from './taken';

/**
 * Brings the probe into the worker threads that this thread makes. One that is made without options inherits `--require`;
 * one with `env` or `execArgv` does not, and what the program puts there must stay as it is. So the probe is pushed onto the
 * thread's list of preloads by the message with which Node passes on its input: each is put in by `process[stream].push()`,
 * and the thread handles its messages in order, before the one that loads the preloads and the script.
 */

const constructorFile = 'node:internal/worker';

/** Whether Node's own source still does what is relied on; unknown where that can't be asked. A message that a thread doesn't know ends it. */
function takesPreloads(): boolean {
  const { binding } = process as unknown as { binding: (name: string) => Record<string, string> };
  if (!mayUseBinding()) return false;
  const sources = binding.call(process, 'natives');
  const relied: Record<string, string> = {
    'internal/worker/io': "STDIO_PAYLOAD: 'stdioPayload'",
    'internal/main/worker_thread': 'process[stream].push(chunk, encoding)',
    'internal/process/pre_execution': "addReadOnlyProcessAlias('_preload_modules', '--require')",
    'internal/modules/cjs/loader': 'for (let n = 0; n < requests.length; n++)',
  };
  return Object.keys(relied).every((name) => sources[name]!.includes(relied[name]!));
}

/** Node's constructor of threads looks up `start` of the port to the new thread before it posts anything. */
function watchPorts(taken: Taken, thread: string): void {
  const { prototype } = MessagePort;
  const { postMessage } = prototype as { postMessage: (this: object, message: object) => void };
  let mayPush: boolean | undefined;
  onRead(prototype, 'start', (reader, port) => void quietly(() => {
    const [maker, caller] = callers(reader, 2);
    if (maker?.file !== constructorFile || runIsGone()) return;
    const isInternal = caller?.file === constructorFile;
    tellThread({ ...taken, thread, isInternal });
    // Node's own threads inherit all options. A preload that is gone would end the thread.
    if (isInternal || !system.existsSync(taken.probe)) return;
    mayPush ??= quietly(takesPreloads) ?? false;
    if (mayPush) postMessage.call(port, { type: 'stdioPayload', stream: '_preload_modules', chunks: [{ chunk: taken.probe, encoding: filler }] });
  }));
}

/** Waits for Node to load what makes threads, which costs 2 ms and most programs never need. `id`: this process's reference. */
export function followThreads(taken: Taken, id: string): void {
  const { moduleLoadList } = process as unknown as { moduleLoadList: string[] };
  const watch = (): void => watchPorts(taken, id);
  if (moduleLoadList.includes('NativeModule internal/worker')) return watch();
  const channels = diagnosticsChannel();
  // The module asks for its channel when it is loaded, after what makes ports.
  onRead(channels, 'channel', (reader) => void quietly(() => {
    if (callers(reader, 1)[0]?.file !== constructorFile) return;
    Object.defineProperty(channels, 'channel', { value: channels.channel, configurable: true, enumerable: true, writable: true });
    watch();
  }));
}

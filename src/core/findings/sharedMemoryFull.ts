import { errorRule } from './errorRule';
import { errorText } from './failures';
import { lineOf } from './scene';
import { counted } from './words';

const places = /shared_memory|multiprocessing[\\/](heap|synchronize|shared)|\/dev\/shm|SharedMemory|mmap|ftruncate/;

/** Shared memory is used up: what lies in it can't be made, or grows no more. */
export const sharedMemoryFull = errorRule({
  name: 'shared-memory-full',
  matches: ({ message, traceback }) => /\[Errno (28|12)\]|\bENOSPC\b|No space left on device/.test(message) && places.test(traceback),
  title: (who, failed) => `${who} got no shared memory any more${failed.own[0] ? ` at ${lineOf(failed.own[0])}` : ''}: ${errorText(failed)}.`,
  advice: () => 'Close and unlink shared memory when it is not needed any more, or make /dev/shm bigger (docker run --shm-size).',
  summary: (count) => counted(count, 'process', 'processes') + ' got no shared memory',
});

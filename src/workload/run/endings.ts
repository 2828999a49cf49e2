import { closeSync, readSync, statSync } from 'node:fs';
import type { Ending } from '../../core/events';
import { openRegular } from '../../observe/record/regularFile';

/** Bytes in a log that may not be there. */
export const sizeOf = (log: string): number => statSync(log, { throwIfNoEntry: false })?.size ?? 0;

/** The last 8 KiB of a file. */
function tailOf(file: string): string {
  const size = sizeOf(file);
  const descriptor = openRegular(file);
  const data = Buffer.alloc(Math.min(size, 8192));
  readSync(descriptor, data, 0, data.length, size - data.length);
  closeSync(descriptor);
  return data.toString();
}

/** A better word for an ending than its number: Node and the kernel say when memory ran out. */
export function whyOf({ code, signal }: Ending, log: string): string | undefined {
  if (signal === 'SIGABRT' || code === 134) {
    if (/heap out of memory|Reached heap limit/.test(tailOf(log))) return 'out of memory: the heap limit was reached';
  }
  return undefined;
}

import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { parseOpenFiles } from './procText';

/**
 * The files that the sampler keeps open: at most half of what the process may open, and none once the system has
 * refused a descriptor, so that the rest of the program never meets EMFILE because of us.
 */
export class DescriptorBudget {
  private limit: number;
  private readonly kept = new Set<ProcFile>();

  constructor(limit = softLimit()) {
    this.limit = Math.min(Math.floor(limit / 2), 8192);
  }

  /** Whether the file may keep its descriptor. */
  keep(file: ProcFile): boolean {
    if (this.kept.size >= this.limit) return false;
    this.kept.add(file);
    return true;
  }

  release(file: ProcFile): void {
    this.kept.delete(file);
  }

  /** The system refused a descriptor: all that are kept are closed, for good. Whether that has freed any. */
  exhaust(): boolean {
    this.limit = 0;
    const freed = this.kept.size > 0;
    for (const file of this.kept) file.close();
    return freed;
  }
}

/** Whether the system has no descriptor left, for us or for anybody. */
export function isOutOfDescriptors(error: unknown): boolean {
  return code(error) === 'EMFILE' || code(error) === 'ENFILE';
}

function softLimit(): number {
  try {
    return parseOpenFiles(readFileSync('/proc/self/limits', 'latin1')) ?? 1024;
  } catch {
    return 1024;
  }
}

/** What a read came to: a number of bytes, or why there are none. */
export const GONE = -1;
export const UNREADABLE = -2;

const code = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

/**
 * A file under `/proc/<pid>` that is read again and again. Its descriptor is kept where the budget allows: one
 * pread costs less than half of open, read and close, and a kept descriptor belongs to one process for ever: once
 * that process was reaped it answers ESRCH, whoever has the pid by then.
 */
export class ProcFile {
  private fd: number | undefined;

  constructor(private readonly path: string, private readonly budget: DescriptorBudget) {}

  /** Reads from the start into `buffer`; the number of bytes, {@link GONE} or {@link UNREADABLE}. */
  read(buffer: Buffer): number {
    let fd = this.fd;
    try {
      fd ??= this.open();
      return readSync(fd, buffer, 0, buffer.length, 0);
    } catch (error) {
      if (isOutOfDescriptors(error) && this.budget.exhaust()) return this.read(buffer);
      const reason = code(error);
      return reason === 'ESRCH' || reason === 'ENOENT' ? GONE : UNREADABLE;
    } finally {
      if (fd !== undefined && this.fd === undefined) closeSync(fd);
    }
  }

  close(): void {
    if (this.fd === undefined) return;
    closeSync(this.fd);
    this.fd = undefined;
    this.budget.release(this);
  }

  private open(): number {
    const fd = openSync(this.path, 'r');
    if (this.budget.keep(this)) this.fd = fd;
    return fd;
  }
}

const scratch = Buffer.allocUnsafeSlow(65_536);

/** The whole of a file under /proc, at most `limit` bytes of it; undefined when it cannot be read. */
export function readProc(path: string, limit = 1_048_576): Buffer | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const chunks: Buffer[] = [];
    for (let total = 0; total < limit;) {
      const count = readSync(fd, scratch, 0, Math.min(scratch.length, limit - total), null);
      if (count === 0) break;
      chunks.push(Buffer.from(scratch.subarray(0, count)));
      total += count;
    }
    return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

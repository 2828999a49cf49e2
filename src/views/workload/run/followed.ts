import { basename } from 'node:path';
import { isSame } from '../../../observe/system/identity';
import { readRegular } from '../../../observe/record/regularFile';
import { readProgress } from '../../../workload/journal/folders';
import { rowText } from '../../../workload/journal/journal';
import { JournalTail, kindOf, rowNumberAt } from '../../../workload/journal/journalTail';
import { journalOf, workloadOf, type FailLine, type Progress } from '../../../workload/protocol';
import type { Workload } from '../../../workload/workload';
import type { Failure } from '../../tree/rows';
import { suffix } from '../results/find';
import { isLive } from './words';

/** ms between looks at a workload that runs. */
const every = 300;
/** Failed tasks that are kept with their errors; the results table has all of them. */
const mostFailures = 500;

/** A workload's run as a window follows it: the newest frame of its progress, and its failed tasks. */
export class Followed {
  progress: Progress | undefined;
  /** the runner lives */
  alive = true;
  /** the failed tasks by the number of their row, the newest last */
  readonly failures = new Map<number, Failure>();
  #timer: NodeJS.Timeout | undefined;
  #workload: Workload | undefined;
  readonly #tail: JournalTail;
  #closed = false;

  /** `changed` is called after each look that brought news. */
  constructor(readonly id: string, readonly directory: string, private readonly changed: (run: Followed) => void) {
    this.#tail = new JournalTail(journalOf(directory), (buffer, from, to) => this.#line(buffer, from, to), () => this.failures.clear());
    void this.look();
  }

  /** The workload as it is carried out; undefined until the runner has written it. */
  get workload(): Workload | undefined {
    try {
      return (this.#workload ??= JSON.parse(readRegular(workloadOf(this.directory))) as Workload);
    } catch {
      return undefined;
    }
  }

  get name(): string {
    const file = this.workload?.file;
    return file ? basename(file, suffix) : 'workload';
  }

  get isLive(): boolean {
    return this.alive && (this.progress === undefined || isLive(this.progress));
  }

  #line(buffer: Buffer, from: number, to: number): void {
    const kind = kindOf(buffer, from);
    if (kind === 'done' && this.failures.size) this.failures.delete(rowNumberAt(buffer, from));
    if (kind !== 'fail') return;
    try {
      const text = buffer.toString('utf8', from, to);
      const line = JSON.parse(text) as FailLine;
      this.failures.delete(line.i);
      if (!line.again && this.failures.size < mostFailures) this.failures.set(line.i, { ...line, rowText: rowText(text, line) });
    } catch {
      // A runner was killed while it wrote this.
    }
  }

  /** Reads what is new, and comes back as long as the workload runs. */
  async look(): Promise<void> {
    clearTimeout(this.#timer);
    const before = this.progress?.t;
    const wasAlive = this.alive;
    const failed = this.failures.size;
    const progress = readProgress(this.directory) ?? this.progress;
    this.alive = progress === undefined || isSame(progress.runner);
    // The journal of a big workload takes seconds to read: where nothing has failed there is nothing to find.
    if (progress && (isLive(progress) || progress.failed > 0 || this.failures.size)) await this.#tail.read().catch(() => undefined);
    if (this.#closed) return;
    this.progress = progress;
    // The last frame is told when the failures that it counts are read.
    if (before !== progress?.t || wasAlive !== this.alive || failed !== this.failures.size) this.changed(this);
    if (this.isLive) this.#timer = setTimeout(() => void this.look(), every);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }
}

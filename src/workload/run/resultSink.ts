import { HeldResults } from '../journal/resultSpill';
import { jsonLine, ResultsFile } from '../journal/results';
import type { Result } from '../task';

/** Where results go: to the results file and to `print`, in the order that was asked for. */
export class Outlet {
  readonly #file: ResultsFile | undefined;
  readonly #held: HeldResults | undefined;
  #lines: string[] = [];
  #characters = 0;
  /** the file holds all that an earlier run's held, and may take its place */
  #isWhole: boolean;

  /** `resumed`: the file of an earlier run stays until this one holds all of it. `spill`: a file of our own for what waits. */
  constructor({ results, order, resumed, spill }: { results: string | null; order: 'completion' | 'input'; resumed: boolean; spill: string }, private readonly print: ((text: string) => void) | undefined) {
    if (results !== null) this.#file = new ResultsFile(results);
    this.#isWhole = !resumed;
    if (!resumed) this.#file?.publish();
    if (order === 'input' && (results !== null || print)) this.#held = new HeldResults(spill);
  }

  get isNeeded(): boolean {
    return this.#file !== undefined || this.print !== undefined;
  }

  add(result: Result): void {
    if (this.#held) this.#held.add(result);
    else this.#tell(result);
  }

  #tell(result: Result): void {
    if (this.print) this.#lines.push(jsonLine(result));
    this.#file?.add(result);
    this.#characters += (result.row?.length ?? 0) + (result.value?.length ?? 0) + 64;
  }

  /** Tells what the journal has long known: many results, of which few are to be in memory. */
  readonly #retell = (result: Result): void => {
    this.#tell(result);
    if (this.#characters > 1 << 20) this.flush();
  };

  /** Tells what earlier runs have found of the rows that are not run again. */
  repeat(tell: (use: (result: Result) => void) => void): void {
    tell(this.#held ? (result) => this.add(result) : this.#retell);
    this.flush();
    this.#isWhole = true;
    // What is held will be in it at the end.
    if (!this.#held) this.#file?.publish();
  }

  /** Throws {@link WriteError} where the results file takes no more. */
  flush(): void {
    if (this.#lines.length) this.print?.(this.#lines.join(''));
    this.#lines = [];
    this.#characters = 0;
    this.#file?.flush();
  }

  /** Throws {@link WriteError} as {@link flush} does. */
  close(): void {
    try {
      this.#held?.release(this.#retell);
      this.flush();
      if (this.#isWhole) this.#file?.publish();
    } finally {
      this.#file?.close();
    }
  }
}

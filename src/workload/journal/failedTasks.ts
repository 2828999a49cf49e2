import type { Failure } from '../run/outcomes';
import type { TaskError, Task } from '../task';

/** Characters of rows that are kept. */
const mostCharacters = 64 << 20;
/** Failed rows that are told of by their numbers. */
export const mostNamed = 10;

/** The tasks that have failed, so that they can be run again at a person's wish, and why the first of them did. */
export class FailedTasks {
  readonly #tasks = new Map<number, Task>();
  readonly #reasons = new Map<number, TaskError>();
  #characters = 0;

  /** `isRunnable`: a worker had it; what can't arrive at one is not given to one later. */
  add(task: Task, error: TaskError, isRunnable: boolean): void {
    if (this.#reasons.size < mostNamed) this.#reasons.set(task.index, error);
    if (!isRunnable || this.#characters + task.row.length > mostCharacters) return;
    this.#characters += task.row.length;
    this.#tasks.set(task.index, task);
  }

  /** Takes those of these rows that have failed, as tasks that are new. */
  take(rows: readonly number[]): Task[] {
    const found = rows.flatMap((row) => this.#tasks.get(row) ?? []);
    for (const { index, row } of found) {
      this.#tasks.delete(index);
      this.#reasons.delete(index);
      this.#characters -= row.length;
    }
    return found.map((task) => ({ ...task, attempt: 1 }));
  }

  get first(): Failure[] {
    return [...this.#reasons].map(([index, error]) => ({ index, error }));
  }
}

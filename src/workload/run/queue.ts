import { Batching, largestMessage } from './batching';
import type { Task } from '../task';

/** Tasks that wait: first those that come back, then new ones in order, and retries once their time has come. */
export class Queue {
  readonly #front = new Line();
  readonly #tasks = new Line();
  #delayed: { task: Task; due: number }[] = [];

  get length(): number {
    return this.#front.length + this.#tasks.length;
  }

  /** Characters of the tasks that wait. */
  get characters(): number {
    return this.#front.characters + this.#tasks.characters;
  }

  /** Retries whose time has not come. */
  get delayed(): number {
    return this.#delayed.length;
  }

  push(tasks: readonly Task[]): void {
    this.#tasks.push(tasks);
  }

  /** Puts tasks back before all others, in their order. */
  giveBack(tasks: readonly Task[]): void {
    this.#front.putBack(tasks);
  }

  retryAt(task: Task, due: number): void {
    this.#delayed.push({ task, due });
  }

  /** Moves the retries whose time has come among the waiting ones. */
  tick(now: number): void {
    if (!this.#delayed.length) return;
    const due = this.#delayed.filter((one) => one.due <= now);
    if (!due.length) return;
    this.#delayed = this.#delayed.filter((one) => one.due > now);
    this.#front.push(due.map(({ task }) => task));
  }

  /** Takes a batch of at most `size` tasks. */
  take(size: number): Task[] {
    const tasks: Task[] = [];
    let [characters, expected] = [0, 0];
    while (tasks.length < size && characters < largestMessage) {
      const line = this.#front.length > 0 ? this.#front : this.#tasks;
      const task = line.first;
      // A task that is known to be long goes alone.
      if (!task || (tasks.length && Batching.isFull(expected + (task.expected ?? 0) / 1000))) break;
      line.shift();
      tasks.push(task);
      characters += task.row.length;
      expected += (task.expected ?? 0) / 1000;
    }
    return tasks;
  }
}

/** What a task holds in memory. */
const charactersOf = ({ row, message }: Task): number => row.length + (message?.length ?? 0);

/** Tasks that stand in line. `Array.shift` of a long one moves all that is behind. */
class Line {
  /** undefined: gone, and forgotten */
  #tasks: (Task | undefined)[] = [];
  #head = 0;
  characters = 0;

  get length(): number {
    return this.#tasks.length - this.#head;
  }

  get first(): Task | undefined {
    return this.#tasks[this.#head];
  }

  push(tasks: readonly Task[]): void {
    for (const task of tasks) this.#add(task);
  }

  #add(task: Task): void {
    this.characters += charactersOf(task);
    this.#tasks.push(task);
  }

  /** Puts tasks before all others. */
  putBack(tasks: readonly Task[]): void {
    if (tasks.length === 0) return;
    const others = this.#tasks.slice(this.#head);
    this.#tasks = [];
    for (const task of tasks) this.#add(task);
    for (const task of others) this.#tasks.push(task);
    this.#head = 0;
  }

  shift(): void {
    const first = this.first;
    if (first) this.characters -= charactersOf(first);
    this.#tasks[this.#head++] = undefined;
    if (this.#head === this.#tasks.length || this.#head >= 16_384) {
      this.#tasks.splice(0, this.#head);
      this.#head = 0;
    }
  }
}

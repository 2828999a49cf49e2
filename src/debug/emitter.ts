import type { Disposable, Event } from 'vscode';

/** What VS Code's EventEmitter is, without an editor around it: what uses it can be tested by itself. */
export class Emitter<T> {
  readonly #listeners = new Set<(value: T) => unknown>();

  readonly event: Event<T> = (listener, self?: unknown, disposables?: Disposable[]) => {
    const bound = (value: T): unknown => listener.call(self, value) as unknown;
    this.#listeners.add(bound);
    const subscription = { dispose: () => void this.#listeners.delete(bound) };
    disposables?.push(subscription);
    return subscription;
  };

  /** Calls every listener. What one of them throws is an uncaught error of its own: the others are called all the same. */
  fire(value: T): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(value);
      } catch (error) {
        setImmediate(() => {
          throw error as Error;
        });
      }
    }
  }

  dispose(): void {
    this.#listeners.clear();
  }
}

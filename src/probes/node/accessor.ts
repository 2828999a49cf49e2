/**
 * Replaces a property by an accessor, where Node itself looks the property up at a moment of interest:
 * a function around the original would stand in the program's stacks, the accessor has returned by then.
 * `reading` gets the accessor's own function, for looking at the callers, and the object that was asked; it must not throw.
 */
export function onRead(owner: object, key: string, reading: (reader: () => unknown, asked: object) => void): void {
  let value = (owner as Record<string, unknown>)[key];
  const get = function (this: object): unknown {
    reading(get, this);
    return value;
  };
  Object.defineProperty(owner, key, {
    configurable: true,
    enumerable: true,
    get,
    set(this: object, next: unknown) {
      // What only inherits it gets a property of its own, as by any assignment.
      if (this !== owner) Object.defineProperty(this, key, { value: next, configurable: true, enumerable: true, writable: true });
      else value = next;
    },
  });
}

/** Gives a wrapper the name and length of what it wraps. */
export function disguise<T extends (...args: never[]) => unknown>(wrapper: T, original: (...args: never[]) => unknown): T {
  for (const key of ['name', 'length']) Object.defineProperty(wrapper, key, { value: original[key as 'name'], configurable: true });
  return wrapper;
}

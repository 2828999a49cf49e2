const { toString: sourceOf } = Function.prototype as { toString: (this: unknown) => string };

/** Whether a function is built into the engine, so that no code of the program runs when it is called. */
export const isNative = (value: unknown): boolean => typeof value === 'function' && sourceOf.call(value).includes('[native code]');

/** The array, or a longer one with the same numbers where it has no place for `index`: at least twice as long, so that it is seldom copied. */
export function grown<T extends Uint8Array | Uint32Array>(array: T, index: number): T {
  if (index < array.length) return array;
  const longer = new (array.constructor as new (length: number) => T)(Math.max(index + 1, array.length * 2));
  longer.set(array);
  return longer;
}

/** A row of `typed`: what stands before the function is left out, and its line stays the same. */
interface Row {
  size: number;
}

export function typed({ size }: Row): number {
  if (size === 2) throw new RangeError(`${size} is bad`);
  return size * 2;
}

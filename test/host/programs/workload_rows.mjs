// A function for many rows: it takes a moment, and one row fails.
import { setTimeout } from 'node:timers/promises';

export async function third(number) {
  await setTimeout(50);
  if (number === 4) throw new RangeError('four is bad');
  return number / 3;
}

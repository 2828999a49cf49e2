import { lossIn, type Holds, type JsonText } from '../file/jsonText';
import { heldByNode, heldByPython } from '../file/numbers';
import type { Run } from '../workload';

/** Where rows go: which numbers arrive there, and what to do about one that does not. */
export interface Taker {
  holds: Holds;
  way: string;
}

/** Commands get words: every text arrives. */
export const anyTaker: Taker = { holds: () => true, way: '' };

const python: Taker = { holds: heldByPython, way: 'can\'t be a number of Python: floats have 17 digits and end near 1.8e308. Put it in quotes, and make what you need of the text, as decimal.Decimal(text).' };
const node: Taker = { holds: heldByNode, way: 'can\'t be a number of JavaScript: whole numbers end at 2^53, others have 17 digits. Put it in quotes, and make what you need of the text, as BigInt(text).' };

export const takerOf = (run: Run): Taker => ('python' in run ? python : 'node' in run ? node : anyTaker);

const shown = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** A number of few digits, and what has neither numbers nor keys in it: such rows need no look. */
const harmless = /^(-?[\d.]{1,15}$|")/;

/** What of a row would be lost on its way, and what to do about it; undefined where all of it arrives. */
export function lossOf(row: JsonText, { holds, way }: Taker): string | undefined {
  const loss = harmless.test(row) ? undefined : lossIn(row, holds);
  if (!loss) return undefined;
  if ('key' in loss) return `the key ${JSON.stringify(shown(loss.key))} stands twice in one object, and only one of the values could arrive. Rename one.`;
  return `${shown(loss.number)} ${way}`;
}

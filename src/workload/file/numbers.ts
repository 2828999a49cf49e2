import type { Holds } from './jsonText';

/** What becomes of a number's text in the languages that rows go to. */

const isWhole = (text: string): boolean => /^-?\d+$/.test(text);

/** CPython reads no whole number of more digits: sys.set_int_max_str_digits. */
const mostDigits = 4300;
/** So many digits tell one float from the next (DBL_DECIMAL_DIG), and `toPrecision` writes up to so many. */
const [digitsOfFloat, mostPrecise] = [17, 100];

/** The digits that count: no sign, no zeros around, no point and no exponent. */
const digitsOf = (text: string): string => text.replace(/e.*$/i, '').replaceAll(/[-+.]/g, '').replaceAll(/^0+|0+$/g, '');

/**
 * Whether a float holds what the text says: fractions of up to 17 digits, and more where the float, written with as many,
 * reads the same. So does whatever a program has printed of a float; `1e400`, `1e-400`, `9007199254740993.0` and π to
 * 20 digits do not.
 */
export function isFloat(text: string): boolean {
  const value = Number(text);
  if (String(value) === text) return true;
  const digits = digitsOf(text);
  if (digits === '' || value === 0) return digits === '';
  if (!Number.isFinite(value)) return false;
  if (digits.length <= digitsOfFloat && !Number.isInteger(value)) return true;
  return digits.length <= mostPrecise && digitsOf(value.toPrecision(digits.length)) === digits;
}

/** Whole numbers of any size, and floats. */
export const heldByPython: Holds = (text) => (isWhole(text) ? text.length <= mostDigits : isFloat(text));

/** Floats alone, and of the whole numbers those up to 2^53. */
export const heldByNode: Holds = (text) => (isWhole(text) ? Number.isSafeInteger(Number(text)) : isFloat(text));

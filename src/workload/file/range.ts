import type { JsonText } from './jsonText';

/** A decimal number: so many units of 10 ** -decimals. `isFloat`: it was written with a point. */
interface Decimal {
  units: bigint;
  decimals: number;
  isFloat: boolean;
}

/** More digits than this are a slip of the pen, and would take the machine's memory. */
const mostDigits = 1000;

function decimalOf(text: JsonText): Decimal | undefined {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = /^([-+]?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(text) ?? [];
  if (whole === '' || Math.abs(Number(exponent)) > mostDigits) return undefined;
  const decimals = fraction.length - Number(exponent);
  const units = BigInt(`${whole}${fraction}`) * 10n ** BigInt(Math.max(0, -decimals));
  return { units: sign === '-' ? -units : units, decimals: Math.max(0, decimals), isFloat: text.includes('.') };
}

/** A number as a person types it, as JSON writes it: `+7`, `007` and `.5` are none there. Undefined where it is no number. */
export function jsonNumber(text: string): JsonText | undefined {
  const [, sign = '', whole = '', fraction = '', exponent = ''] = /^\s*([-+]?)(?=\.?\d)(\d*)(?:\.(\d*))?([eE][-+]?\d+)?\s*$/.exec(text) ?? [];
  if (whole === '' && fraction === '') return undefined;
  return `${sign === '-' ? '-' : ''}${whole.replace(/^0+(?=\d)/, '') || '0'}${text.includes('.') ? `.${fraction || '0'}` : ''}${exponent}`;
}

/** The parts of `STOP`, `START:STOP` or `START:STOP:STEP` as JSON; undefined where that is no range. */
export function rangeParts(text: string): JsonText[] | undefined {
  const parts = (text.includes(':') ? text.split(':') : ['0', text]).map(jsonNumber);
  const numbers = parts.flatMap((part) => part ?? []);
  return numbers.length === parts.length && parts.length <= 3 && rangeOf(numbers) ? numbers : undefined;
}

export interface NumberRange {
  total: number;
  texts: () => Generator<JsonText>;
}

/**
 * The numbers from `start` to before `stop`, as Python's `range`: exact, of any size, and decimals too: 0, 1, 0.1 gives
 * 0.0, 0.1, 0.2 and not 0.30000000000000004. Undefined where that is no range: something else than numbers, or a step of 0.
 */
export function rangeOf(parts: readonly JsonText[]): NumberRange | undefined {
  const [start, stop, step] = [parts[0] ?? '', parts[1] ?? '', parts[2] ?? '1'].map(decimalOf);
  if (!start || !stop || !step || step.units === 0n) return undefined;
  const decimals = Math.max(start.decimals, stop.decimals, step.decimals);
  const [from, to, by] = [start, stop, step].map(({ units, decimals: own }) => units * 10n ** BigInt(decimals - own)) as [bigint, bigint, bigint];
  const span = by > 0n ? to - from : from - to;
  const size = by > 0n ? by : -by;
  const total = span > 0n ? Number((span + size - 1n) / size) : 0;
  const isWhole = decimals === 0 && ![start, stop, step].some(({ isFloat }) => isFloat);
  return { total, texts: isWhole && [from, to, by].every((number) => number === BigInt(Number(number)) && Number.isSafeInteger(Number(number))) ? () => small(Number(from), Number(by), total) : () => exact(from, by, total, decimals, !isWhole) };
}

function* small(from: number, by: number, total: number): Generator<JsonText> {
  for (let i = 0; i < total; i++) yield String(from + i * by);
}

function* exact(from: bigint, by: bigint, total: number, decimals: number, isFloat: boolean): Generator<JsonText> {
  for (let [i, number] = [0, from]; i < total; i++, number += by) yield isFloat ? decimalText(number, decimals) : String(number);
}

/** `1.50` is `1.5`, and `1` is `1.0`: floats, as they were asked for. */
function decimalText(units: bigint, decimals: number): JsonText {
  const digits = String(units < 0n ? -units : units).padStart(decimals + 1, '0');
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return `${units < 0n ? '-' : ''}${digits.slice(0, digits.length - decimals)}.${decimals > 0 && fraction !== '' ? fraction : '0'}`;
}

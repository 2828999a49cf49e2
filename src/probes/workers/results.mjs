/** Results to JSON text: exactly, or not at all. */
import { randomUUID } from 'node:crypto';

/** Characters of one result. */
export const longest = 1 << 28;
const elsewhere = 'write it to a file and return its name';

/** A result has no JSON that says the same; the message says why, and what to return instead. */
export class Unkept extends Error {}

/** Numbers that JSON.stringify would refuse or change stand as texts with this in front until it is done. */
const asNumber = `number ${randomUUID()} `;
const numbers = new RegExp(`"${asNumber}(-?\\d+)"`, 'g');

const nameOf = (value) => value?.constructor?.name || typeof value;
const refused = (what) => new Unkept(`a result of type ${what} can't be kept as JSON. Return numbers, texts, lists or objects; anything else: ${elsewhere}`);

/** A map as an object. Its keys become texts, and must differ then, too. */
function objectOf(map) {
  const object = Object.fromEntries(map);
  if (Object.keys(object).length < map.size) throw new Unkept('the result has a Map whose keys are the same as texts, as 1 and "1". Return keys that differ');
  return object;
}

/** Objects that say nothing of themselves to JSON: errors, patterns, promises, what keeps its state private. */
const isMute = (value) => value instanceof Error || (Object.keys(value).length === 0 && ![Object.prototype, Array.prototype, null].includes(Object.getPrototypeOf(value)));

/** `nullForNan`: NaN and infinities become null. The function throws {@link Unkept}. */
export function encoder(nullForNan) {
  let hasMarked = false;
  const marked = (number) => {
    hasMarked = true;
    return asNumber + number;
  };
  const finite = (number) => {
    if (Number.isFinite(number)) return Object.is(number, -0) ? marked('-0') : number;
    if (nullForNan) return null;
    throw new Unkept('the result holds NaN or an infinity, for which JSON has no word. Return null or a text for it, or say "nan": "null" (--nan null)');
  };
  /** For JSON.stringify, which calls it with the holder of each part as `this`. */
  function plain(key, part) {
    switch (typeof part) {
      case 'number': return finite(part);
      case 'bigint': return marked(part);
      case 'function': case 'symbol': throw refused(typeof part);
      case 'object': break;
      default: return part;
    }
    if (part === null) {
      if (this[key] instanceof Date) throw refused('invalid Date');
      return part;
    }
    if (part instanceof Set) return [...part];
    if (part instanceof Map) return objectOf(part);
    if (ArrayBuffer.isView(part) && !(part instanceof DataView)) return Array.from(part);
    if (isMute(part)) throw refused(nameOf(part));
    return part;
  }
  const whole = (value) => {
    hasMarked = false;
    const text = JSON.stringify(value, plain);
    return hasMarked ? text.replace(numbers, '$1') : text;
  };
  return (value) => {
    if (value === undefined) return 'null';
    if (typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0)) return String(value);
    let text;
    try {
      text = typeof value === 'string' ? JSON.stringify(value) : whole(value);
    } catch (error) {
      if (error instanceof Unkept) throw error;
      const why = error instanceof RangeError ? 'it is too long, or nested too deeply' : String(error?.message).split('\n')[0];
      throw new Unkept(`the result can't be kept as JSON: ${why}. Return less of it, or ${elsewhere}`);
    }
    if (text.length > longest) throw new Unkept(`the result is ${text.length >> 20} MB of JSON, and ${longest >> 20} MB is the most that is kept: ${elsewhere}`);
    return text;
  };
}

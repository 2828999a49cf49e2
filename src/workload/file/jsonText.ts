/**
 * JSON as text. Rows and results pass through the runner as they were given and are cut, never parsed and written anew:
 * no parser of JavaScript keeps 9007199254740993, `1.0` or a key that stands twice. What is cut has been checked by
 * `JSON.parse` before.
 */
export type JsonText = string;

const quote = 34, comma = 44, colon = 58, backslash = 92;
const opens = (code: number): boolean => code === 91 || code === 123;
const closes = (code: number): boolean => code === 93 || code === 125;
const isSpace = (code: number): boolean => code === 32 || (code >= 9 && code <= 13);

/** The place behind the string that begins at `at`. */
function afterString(text: JsonText, at: number): number {
  for (let end = text.indexOf('"', at + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
  return text.length;
}

/** Calls back for each part between the brackets of a list or an object; `colon`: where a member's name ends, -1 in a list. */
function cut(text: JsonText, use: (from: number, colon: number, to: number) => void): void {
  const begin = text.search(/[[{]/) + 1;
  let [from, named, depth] = [begin, -1, 0];
  for (let at = begin; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) at = afterString(text, at) - 1;
    else if (opens(code)) depth++;
    else if (depth > 0) depth -= closes(code) ? 1 : 0;
    else if (code === colon) named = at;
    else if (code === comma || closes(code)) {
      if (code === comma || text.slice(from, at).trim() !== '') use(from, named, at);
      if (code !== comma) return;
      [from, named] = [at + 1, -1];
    }
  }
}

/** The items of a list. */
export function itemsOf(list: JsonText): JsonText[] {
  const items: JsonText[] = [];
  cut(list, (from, _, to) => items.push(list.slice(from, to).trim()));
  return items;
}

/** The members of an object, in their order. */
export function entriesOf(object: JsonText): [name: string, value: JsonText][] {
  const entries: [string, JsonText][] = [];
  cut(object, (from, named, to) => entries.push([JSON.parse(object.slice(from, named)) as string, object.slice(named + 1, to).trim()]));
  return entries;
}

/** The value of a member, the last where there are several, as every parser has it. */
export const memberOf = (object: JsonText, name: string): JsonText | undefined => entriesOf(object).findLast(([key]) => key === name)?.[1];

export type JsonKind = 'object' | 'list' | 'text' | 'other';

export function kindOf(text: JsonText): JsonKind {
  switch (text[0]) {
    case '{': return 'object';
    case '[': return 'list';
    case '"': return 'text';
    default: return 'other';
  }
}

/** What a value is as a word of a command or a cell of a table: a text itself, anything else its JSON. */
export const wordOf = (text: JsonText): string => (kindOf(text) === 'text' ? (JSON.parse(text) as string) : text);

/** The same value in one line: no space between its parts, no needless escapes in its texts, its numbers as they stand. */
export function compact(text: JsonText): JsonText {
  if (!/[\s\\]/.test(text)) return text;
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const end = afterString(text, at);
      const string = text.slice(at, end);
      if (string.includes('\\')) {
        parts.push(text.slice(from, at), JSON.stringify(JSON.parse(string)));
        from = end;
      }
      at = end - 1;
    } else if (isSpace(code)) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return parts.join('') + text.slice(from);
}

/** Whether a number's text arrives where it goes. */
export type Holds = (number: string) => boolean;

/** The first thing in a value that would be lost on its way: a key that stands twice in one object, or a number that is not held. */
export function lossIn(text: JsonText, holds: Holds): { key: string } | { number: string } | undefined {
  /** the keys of the objects that are open; undefined for a list */
  const open: (Set<string> | undefined)[] = [];
  let isKey = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const end = afterString(text, at);
      const keys = isKey ? open.at(-1) : undefined;
      if (keys) {
        const raw = text.slice(at + 1, end - 1);
        const key = raw.includes('\\') ? (JSON.parse(text.slice(at, end)) as string) : raw;
        if (keys.has(key)) return { key };
        keys.add(key);
      }
      isKey = false;
      at = end - 1;
    } else if (opens(code)) {
      isKey = code === 123;
      open.push(isKey ? new Set() : undefined);
    } else if (closes(code)) open.pop();
    else if (code === comma) isKey = open.at(-1) !== undefined;
    else if (code === 45 || (code >= 48 && code <= 57)) {
      const from = at;
      while (at + 1 < text.length && /[-+.\deE]/.test(text.charAt(at + 1))) at++;
      const number = text.slice(from, at + 1);
      if (!holds(number)) return { number };
    }
  }
  return undefined;
}

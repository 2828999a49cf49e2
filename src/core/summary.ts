/** The one line that stands for an error: its type and the first line of its message. */

const longest = 120;

/** What `typeof` says of a thrown value that is no error; its message is then the value as `util.inspect` shows it. */
const thrown = new Set(['object', 'function', 'string', 'number', 'bigint', 'boolean', 'symbol', 'undefined', 'null']);

/** How `util.inspect` shows what is no error of its own realm but looks like one: by its stack, or in brackets where it has none. */
const errorHead = /^\[?([\w$.]*(?: \[[^\]\n]*\])?): (.*?)(?:\](?: \{.*)?)?$/m;

const shorten = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

/** The first line that says anything. */
const firstLine = (text: string): string => text.split('\n').find((line) => line.trim() !== '')?.trim() ?? '';

/** `RuntimeError: There was an error!`; the type alone where there is no message. The type is without its module. */
export function errorSummary({ type, message }: { type: string; message: string }): string {
  if (thrown.has(type)) return summaryOfValue(type, message);
  const name = type.slice(type.lastIndexOf('.') + 1);
  const line = firstLine(message);
  return line === '' ? name : `${name}: ${shorten(line, longest)}`;
}

function summaryOfValue(type: string, shown: string): string {
  const [, head = '', line = ''] = errorHead.exec(firstLine(shown)) ?? [];
  if (/Error|Exception/.test(head)) return `${head}: ${shorten(line.trim(), longest)}`;
  // An object over several lines begins with its bracket, which says nothing: it is shown in one.
  const text = type === 'object' || type === 'function' ? shown.trim().replaceAll(/\s*\n\s*/g, ' ') : firstLine(shown);
  return text === '' || text === type ? type : `${type}: ${shorten(text, longest)}`;
}

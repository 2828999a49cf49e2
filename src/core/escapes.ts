/**
 * What a program or a record says may be anything. Each way of showing it has its own characters that would be obeyed instead of shown;
 * these functions, and no others, turn them into what can only be read.
 */

// C0 and C1 with DEL move the cursor, set titles and colours, and begin new rows (ECMA-48); the rest change the order in which a line is read (UAX #9).
// eslint-disable-next-line no-control-regex -- they are what is looked for
const unseen = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

const asHex = (character: string): string => {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
};

/** A text as one row of a terminal: what would be obeyed is shown as `\x1b`. */
export const forTerminal = (text: string): string => text.replace(unseen, asHex);

/** A text of several rows for a terminal. The first alone begins at the margin, so that none of them looks like another message. */
export const rowsForTerminal = (text: string): string => text.split(/\r?\n/).map(forTerminal).join('\n  ');

/** JSON as it can be shown on a terminal: the same values, with more of their characters as `\u009b`. */
export const jsonForTerminal = (json: string): string => json.replace(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** A text for Markdown, also in a cell of a table: nothing of it is a link, a picture, an emphasis or the beginning of something. */
export const forMarkdown = (text: string): string => forTerminal(text).replace(/[!-/:-@[-`{-~]/g, (character) => `&#${character.charCodeAt(0)};`);

/** Several rows as a block of code in Markdown. */
export function codeBlock(text: string): string {
  const rows = text.split(/\r?\n/).map((row) => row.split('\t').map(forTerminal).join('\t'));
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${rows.join('\n')}\n${fence}`;
}

/** A text for a message of the editor, where `[text](command:…)` would be a link. */
export const forMessage = (text: string): string => text.split('\n').map(forTerminal).join('\n').replaceAll('](', '] (');

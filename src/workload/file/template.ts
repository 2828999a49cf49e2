import { basename } from 'node:path';
import { HumanError } from '../../core/errors';
import { entriesOf, itemsOf, kindOf, wordOf, type JsonText } from './jsonText';

/**
 * The placeholders of a command: `{name}` a column, `{1}` an item of a list, `{row}` a row that is one value, `{}` the
 * row whatever it is, `{#}` its number from 1. The columns are those of the first row; other braces stay as they are,
 * and `{{name}}` is `{name}`. No shell is involved: each word stays one word.
 *
 * `{}` and `{1}` stand in code, in JSON and in regular expressions as well. They are placeholders in a word that is
 * otherwise a name, a path or an option (`{}.png`, `--size={1}`), and in the script of a shell.
 */

/** The values that can be put into a command, by the names of their placeholders. */
function valuesOf(row: JsonText): Map<string, JsonText> {
  switch (kindOf(row)) {
    case 'object': return new Map(entriesOf(row));
    case 'list': return new Map(itemsOf(row).map((item, i) => [String(i + 1), item]));
    default: return new Map([['row', row]]);
  }
}

const shells = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'ash', 'mksh', 'fish']);

/** Whether a word is the script of a shell: what stands behind its `-c`. */
const isScript = (words: readonly string[], at: number): boolean =>
  /^-[a-z]*c$/.test(words[at - 1] ?? '') && words.slice(0, at - 1).some((word) => shells.has(basename(word)));

const braces = /\{\{([^{}]*)\}\}|(?<!\$)\{([^{}]*)\}/g;
/** What a name, a path or an option is made of. */
const plain = process.platform === 'win32' ? /^[\p{L}\p{N}_./=:,@%+~#\\-]*$/u : /^[\p{L}\p{N}_./=:,@%+~#-]*$/u;
const isNumber = (name: string): boolean => /^\d+$/.test(name);
const looksLikeName = (name: string): boolean => /^[A-Za-z_][\w.-]*$/.test(name);
const short = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

/** A word in pieces: what stays, and the names of the placeholders between. */
interface Word {
  texts: string[];
  names: string[];
}

export class Template {
  /** what a person may not expect, a sentence each */
  readonly notes: string[] = [];
  readonly #words: Word[];
  readonly #columns: string[];
  readonly #isSingle: boolean;

  /** `first`: the first row, which says what columns there are. */
  constructor(private readonly words: readonly string[], first: JsonText) {
    this.#columns = [...valuesOf(first).keys()];
    this.#isSingle = kindOf(first) !== 'object' && kindOf(first) !== 'list';
    this.#words = words.map((_, at) => this.#cut(at));
    if (this.#words.every(({ names }) => names.length === 0)) this.notes.push(`The command has no placeholder: it runs once for each row, the same each time. ${this.#offer()}`);
  }

  #offer(): string {
    const columns = this.#columns.slice(0, 8).map((name) => `{${name}}`).join(', ');
    return `{} stands for the row${this.#isSingle || !columns ? '' : `, and ${columns} for what is in it`}, {#} for its number.`;
  }

  #cut(at: number): Word {
    const word = this.words[at] ?? '';
    const isCode = !plain.test(word.replaceAll(braces, '')) && !isScript(this.words, at);
    const cut: Word = { texts: [], names: [] };
    let [text, from] = ['', 0];
    for (const found of word.matchAll(braces)) {
      const [whole, escaped, name = ''] = found;
      text += word.slice(from, found.index);
      from = found.index + whole.length;
      if (escaped !== undefined) text += this.#means(escaped, word.replace(whole, `{${escaped}}`)) ? `{${escaped}}` : whole;
      else if (this.#means(name, word) && !(isCode && this.#isAmbiguous(name))) {
        cut.texts.push(text);
        cut.names.push(name);
        text = '';
      } else {
        text += whole;
        this.#noteOf(name, word, isCode);
      }
    }
    cut.texts.push(text + word.slice(from));
    return cut;
  }

  #isAmbiguous(name: string): boolean {
    return name === '' || isNumber(name);
  }

  #means(name: string, word: string): boolean {
    if (name === '' || name === '#' || this.#columns.includes(name)) return true;
    // A row that is one value is the first, too; `a{1}` is a regular expression.
    return this.#isSingle && name === '1' && word === '{1}';
  }

  #noteOf(name: string, word: string, isCode: boolean): void {
    const meant = this.#isSingle ? 'write {row}' : 'give it as a word of its own';
    if (name === '' && isCode) this.notes.push(`{} in the word ${JSON.stringify(short(word))} stays as it is, as in code; if it is to be the row, ${meant}.`);
    else if (looksLikeName(name) && !isCode && !this.#isSingle) this.notes.push(`{${short(name)}} stays as it is: there is no such column. ${this.#offer()}`);
  }

  /** The words for a row. Throws {@link HumanError} where it has no value for a placeholder. */
  fill(row: JsonText, index: number): string[] {
    const values = valuesOf(row);
    return this.#words.map(({ texts, names }) => names.reduce((text, name, i) => text + this.#value(name, row, index, values) + (texts[i + 1] ?? ''), texts[0] ?? ''));
  }

  #value(name: string, row: JsonText, index: number, values: Map<string, JsonText>): string {
    if (name === '#') return String(index + 1);
    const value = name === '' || (name === '1' && this.#isSingle) ? row : values.get(name);
    if (value === undefined) throw new HumanError(`Row ${index} has no value for {${name}}: ${described(row, [...values.keys()])}. Complete the row, or write {{${name}}} where {${name}} itself is meant.`);
    return wordOf(value);
  }
}

function described(row: JsonText, columns: string[]): string {
  switch (kindOf(row)) {
    case 'object': return `its columns are ${columns.join(', ')}`;
    case 'list': return `it is a list of ${columns.length}`;
    default: return `it is ${short(wordOf(row))}`;
  }
}

/** The words of a command for one row alone. */
export const fillTemplate = (words: readonly string[], row: JsonText, index: number): string[] => new Template(words, row).fill(row, index);

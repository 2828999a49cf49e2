/** A function that can be run over many rows: its name, its line (from 0), and whether a row fits into it. */
export interface FunctionPlace {
  name: string;
  line: number;
  /** words of the parameters, as they are written */
  parameters: string[];
}

/** Files of tests are run by their own runner. */
export const isTestFile = (path: string): boolean => /(^|[\\/])(test_[^\\/]*\.py|[^\\/]*_test\.py|conftest\.py|[^\\/]*\.(test|spec)\.[cm]?[jt]s)$|[\\/](tests?|__tests__)[\\/]/.test(path);

/** The letters from `start` on that stand in no text, each with how many brackets are open after it. */
function* letters(text: string, start = 0): Generator<{ letter: string; at: number; depth: number }> {
  let [depth, quote] = [0, ''];
  for (let at = start; at < text.length; at++) {
    const letter = text[at] ?? '';
    if (quote) {
      if (letter === '\\') at++;
      else if (letter === quote) quote = '';
      continue;
    }
    if ('\'"`'.includes(letter)) quote = letter;
    else if ('([{'.includes(letter)) depth++;
    else if (')]}'.includes(letter)) depth--;
    yield { letter, at, depth };
  }
}

/** Splits at commas that stand in no bracket and no text. */
function splitParameters(text: string): string[] {
  const commas = [...letters(text)].filter(({ letter, depth }) => letter === ',' && depth <= 0).map(({ at }) => at);
  const parts = [...commas, text.length].map((comma, i) => text.slice(i === 0 ? 0 : (commas[i - 1] ?? 0) + 1, comma).trim());
  return parts.filter((part) => part !== '' && part !== '*' && part !== '/');
}

/** The text between a bracket and the one that closes it; undefined when it is not closed. */
function inBrackets(text: string, opening: number): string | undefined {
  for (const { letter, at, depth } of letters(text, opening)) if (depth === 0 && ')]}'.includes(letter)) return text.slice(opening + 1, at);
  return undefined;
}

const blank = (text: string): string => text.replaceAll(/[^\n]/g, ' ');

/** Comments and texts of several lines become blanks; everything stays at its place. */
const withoutPythonTexts = (source: string): string => source.replaceAll(/("""|''')(?:\\.|(?!\1)[\s\S])*(?:\1|$)|#[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, (found) => (found.startsWith('"""') || found.startsWith('\'\'\'') || found.startsWith('#') ? blank(found) : found));
const withoutNodeTexts = (source: string): string => source.replaceAll(/\/\*[\s\S]*?(?:\*\/|$)|\/\/[^\n]*|`(?:\\.|[^`\\])*`|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, (found) => (/^\/[/*]|^`/.test(found) ? blank(found) : found));

const lineOf = (source: string, at: number): number => source.slice(0, at).split('\n').length - 1;

/** Functions at the top level of a Python file that take at least one argument. */
export function pythonFunctions(source: string): FunctionPlace[] {
  const clean = withoutPythonTexts(source);
  return [...clean.matchAll(/^(?:async[ \t]+)?def[ \t]+(\w+)[^\n(]*\(/gm)].flatMap((found): FunctionPlace[] => {
    const parameters = splitParameters(inBrackets(clean, found.index + found[0].length - 1) ?? '');
    return parameters.length ? [{ name: found[1] ?? '', line: lineOf(clean, found.index), parameters }] : [];
  });
}

/** Type parameters, as TypeScript writes them before the parameters. */
const generics = '(?:<[^()]*>)?';
const exportsOfNode = [
  new RegExp(`^export[ \\t]+(?:async[ \\t]+)?function[ \\t]*\\*?[ \\t]*(?<name>[\\w$]+)[ \\t]*${generics}(?=\\()`, 'gm'),
  new RegExp(`^export[ \\t]+(?:const|let|var)[ \\t]+(?<name>[\\w$]+)(?:[ \\t]*:(?:[^=\\n]|=>)*)?[ \\t]*=[ \\t]*(?:async[ \\t]*)?(?:function[ \\t]*[\\w$]*[ \\t]*)?${generics}(?=\\(|[\\w$]+[ \\t]*=>)`, 'gm'),
  /^(?:module\.)?exports\.(?<name>[\w$]+)[ \t]*=[ \t]*(?:async[ \t]*)?(?:function[ \t]*[\w$]*[ \t]*)?(?=\(|[\w$]+[ \t]*=>)/gm,
  /^(?:async[ \t]+)?function[ \t]+(?<name>[\w$]+)[ \t]*(?=\()/gm,
];

/** Names that a file exports in a list: `module.exports = { a, b }`, `export { a, b }`. */
function listedExports(source: string): Set<string> {
  const lists = [...source.matchAll(/^(?:module\.exports[ \t]*=|export)[ \t]*\{([^}]*)\}/gm)];
  return new Set(lists.flatMap(([, names = '']) => names.split(',').map((name) => name.trim()).filter((name) => /^[\w$]+$/.test(name))));
}

/** Exported functions of a JavaScript or TypeScript file that take at least one argument. */
export function nodeFunctions(source: string): FunctionPlace[] {
  const clean = withoutNodeTexts(source);
  const listed = listedExports(clean);
  const found = exportsOfNode.flatMap((pattern, kind) => [...clean.matchAll(pattern)].flatMap((match): FunctionPlace[] => {
    const name = match.groups?.name ?? '';
    if (kind === 3 && !listed.has(name)) return [];
    const end = match.index + match[0].length;
    const parameters = clean[end] === '(' ? splitParameters(inBrackets(clean, end) ?? '') : [(/^[\w$]+/.exec(clean.slice(end)))?.[0] ?? ''];
    return parameters.length ? [{ name, line: lineOf(clean, match.index), parameters }] : [];
  }));
  // TypeScript declares overloads before the function itself.
  return [...new Map(found.sort((a, b) => a.line - b.line).map((one) => [one.name, one])).values()];
}

/** The functions of a file by its name. */
export function functionsIn(path: string, source: string): FunctionPlace[] {
  if (isTestFile(path)) return [];
  return path.endsWith('.py') ? pythonFunctions(source) : /\.[cm]?[jt]s$/.test(path) && !/\.d\.[cm]?ts$/.test(path) ? nodeFunctions(source) : [];
}

/** The function that a line (from 0) belongs to: the last that begins at it or above. */
export const functionAt = (functions: readonly FunctionPlace[], line: number): FunctionPlace | undefined => functions.filter((one) => one.line <= line).at(-1);

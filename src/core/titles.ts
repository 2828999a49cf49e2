import { baseName } from './paths';

/**
 * Titles. A process can write a text of its own over its command line, where process lists then show it: setproctitle,
 * `process.title`, PostgreSQL, nginx, sshd. The text stands where the program's path was, and what is left of the old
 * command line is zeroed, which reads as empty arguments.
 */

/** A command line without the empty arguments that a shorter title leaves behind it. A single one is the program's own. */
export function withoutPadding(argv: readonly string[]): string[] {
  const words = argv.slice(0, argv.findLastIndex((argument) => argument !== '') + 1);
  return words.length < argv.length - 1 ? words : [...argv];
}

/**
 * The title that a command line really is; undefined when it is a command line. `exe`: the path of the program, where
 * that is known: a path may hold spaces, too.
 */
export function titleOf(argv: readonly string[], exe?: string): string | undefined {
  const words = withoutPadding(argv);
  const [first = ''] = words;
  // Where `ps` tells of a process, the title has come apart at its spaces.
  if (/^[\w.[-]+:$/.test(first)) return oneLine(words.join(' '));
  const rewritten = words.length < argv.length || /\s|::/.test(first.trim());
  if (words.length !== 1 || !rewritten || isPath(first)) return undefined;
  return exe !== undefined && baseName(exe).startsWith(baseName(first)) ? undefined : oneLine(first);
}

const isPath = (text: string): boolean => /^(\.{0,2}\/|[A-Za-z]:[\\/])/.test(text);

const oneLine = (text: string): string => text.trim().replaceAll(/\s+/g, ' ');

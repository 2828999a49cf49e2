/**
 * How Node reads its command line. Nothing is imported, because the launcher asks, too, and there are no regular expressions:
 * the program would find them in RegExp.$1 and its like.
 */

/** Whether a program is Node, by its name. */
export function isNode(program: string): boolean {
  const name = program.slice(Math.max(program.lastIndexOf('/'), program.lastIndexOf('\\')) + 1).toLowerCase();
  return ['node', 'nodejs', 'node.exe', 'nodejs.exe'].includes(name);
}

/** Whether a word is the path of a script, by its end. */
export const isScript = (word: string): boolean => ['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts', '.jsx', '.tsx'].some((extension) => word.endsWith(extension));

/** Options that the path or name of a module follows. */
export const takesModule = new Set(['-r', '--require', '--import', '--loader', '--experimental-loader']);
const evaluates = new Set(['-e', '--eval', '-p', '-pe', '--print', '-i', '--interactive']);

/** The words that are Node's own: those before the script. The word after an option may be its value. */
function ownOptions(argv: readonly string[]): string[] {
  const isMain = (word: string, before: string): boolean => !before.startsWith('-') || before.includes('=') || (isScript(word) && !takesModule.has(before));
  const end = argv.findIndex((word, at) => at > 0 && (word === '--' || (!word.startsWith('-') && isMain(word, at === 1 ? '' : argv[at - 1]!))));
  return argv.slice(1, end < 0 ? undefined : end);
}

/**
 * Whether a program can be given a preload that stands anywhere; a Node that may not read it ends at once. The permission model
 * lets one be read from version 22 on if there is a script (src/env.cc, "Also implicit allow preloaded modules"), in Node 20 only
 * if it may read everything; a policy of Node 20 must list it.
 */
export function admitsPreload(argv: readonly string[], nodeOptions = ''): boolean {
  if (!isNode(argv[0] ?? '')) return true;
  const words = [...ownOptions(argv), ...nodeOptions.split(' ')];
  const options = words.map((word) => word.split('=')[0]!);
  // Building a snapshot goes without preloads.
  if (['--build-snapshot', '--build-snapshot-config', '--experimental-policy'].some((option) => options.includes(option))) return false;
  const isOld = options.includes('--experimental-permission');
  if (!isOld && !options.includes('--permission')) return true;
  const readsAll = words.some((word, at) => word === '--allow-fs-read=*' || (word === '--allow-fs-read' && words[at + 1] === '*'));
  return readsAll || !(isOld || options.some((option) => evaluates.has(option)));
}

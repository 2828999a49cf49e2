import { readdirSync, realpathSync, statSync, type Dirent } from 'node:fs';
import { globSync, type FileSystemAdapter } from 'tinyglobby';
import { bytesOf, textOf } from './bytes';

/** A folder's entry under a name that keeps its bytes. */
const named = (entry: Dirent<Buffer>): Dirent => Object.create(entry, { name: { value: textOf(entry.name), enumerable: true } }) as Dirent;

/** The file system with names as {@link textOf} has them: Node by itself puts U+FFFD for bytes that are no UTF-8, and finds nothing under such a name. */
const byBytes = {
  readdirSync: (folder: string) => readdirSync(bytesOf(folder), { encoding: 'buffer', withFileTypes: true }).map(named),
  realpathSync: (path: string) => textOf(realpathSync(bytesOf(path), { encoding: 'buffer' })),
  statSync: (path: string) => statSync(bytesOf(path)),
} as unknown as FileSystemAdapter;

/** The files below a folder that match, sorted; names are relative to it. */
export function filesMatching(patterns: string | string[], directory: string): string[] {
  return globSync(patterns, { cwd: directory, expandDirectories: false, ...(process.platform === 'win32' ? {} : { fs: byBytes }) }).sort();
}

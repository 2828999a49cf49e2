import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

/** The programs of the zoo, and what must be said of each. README.md beside this file tells the format. */

export interface Case {
  /** `python/broken/01-abba-locks` */
  name: string;
  /** folder that is copied, or the one file */
  path: string;
  command: string[];
  runtime: 'python' | 'node';
  title: string;
  /** of a healthy one, its exit code; undefined for a broken one */
  healthy: number | undefined;
  /** acceptable rules, best first */
  rules: string[];
  /** the most that the evidence allows */
  certainty: 'proved' | 'likely';
  /** `main.py:25`: one of them must be named */
  sites: string[];
  /** one of them must be named */
  names: string[];
  /** it never ends by itself, so it must be stopped */
  hangs: boolean;
}

interface CaseFile {
  title: string;
  looks_like?: string;
  exit?: number | null;
  rules?: string[];
  certainty?: 'proved' | 'likely';
  sites?: { file: string; line: number }[];
  names?: (string | number)[];
  hangs?: boolean;
  command?: string[];
  args?: string[];
}

const folder = import.meta.dirname;
const nameOf = (path: string): string => relative(folder, path).replaceAll('\\', '/');

/** All cases of the zoo, by name. */
export function allCases(): Case[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  const found = files.flatMap((file): Case[] => {
    if (basename(file) === 'case.json') return [folderCase(dirname(file), JSON.parse(readFileSync(file, 'utf8')) as CaseFile)];
    return basename(dirname(file)) === 'kinds' ? [fileCase(file)] : [];
  });
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function folderCase(path: string, told: CaseFile): Case {
  const { command = ['python', 'main.py', ...told.args ?? []] } = told;
  return {
    name: nameOf(path), path, command, title: told.title,
    runtime: nameOf(path).startsWith('node/') ? 'node' : 'python',
    healthy: told.looks_like === undefined ? undefined : told.exit ?? 0,
    rules: told.rules ?? [], certainty: told.certainty ?? 'likely',
    sites: (told.sites ?? []).map(({ file, line }) => `${file}:${line}`),
    names: (told.names ?? []).map(String),
    hangs: told.hangs ?? false,
  };
}

/** A program of one file says in its first lines what it is: `# title`, `# rules: …` or `# healthy`; lines that end in `# here` are the guilty ones. */
function fileCase(path: string): Case {
  const text = readFileSync(path, 'utf8');
  const lines = text.split('\n');
  const told = (key: string): string | undefined => new RegExp(`^(?:#|//) ${key}: (.*)$`, 'm').exec(text)?.[1];
  const file = basename(path);
  const runtime = file.endsWith('.py') ? 'python' : 'node';
  return {
    name: nameOf(path), path, command: [runtime, file], runtime,
    title: (lines[0] ?? '').replace(/^(#|\/\/) /, ''),
    healthy: told('exit') === undefined ? undefined : Number(told('exit')),
    rules: told('rules')?.split(' ') ?? [], certainty: told('certainty') === 'likely' ? 'likely' : 'proved',
    sites: lines.flatMap((line, index) => (/(#|\/\/) here$/.test(line) ? [`${file}:${index + 1}`] : [])),
    names: told('names')?.split(' ') ?? [],
    hangs: told('hangs') !== undefined,
  };
}

import { isUtf8 } from 'node:buffer';
import { ChildProcess, spawn, type SpawnOptions, type StdioOptions } from 'node:child_process';
import { accessSync, constants, rmSync, statSync, writeFileSync } from 'node:fs';
import { HumanError } from '../core/errors';

/** Starts a program so that it gets exactly what it would without us. */

/** What the program gets of this process's own, where strings can't carry it. */
export interface OwnBytes {
  /** its command line */
  words?: Buffer[] | undefined;
  /** this process's environment, with entries that are no UTF-8, stand twice or have no name */
  environment?: Buffer[] | undefined;
  /** the folder can't be written as a path */
  pathless?: boolean;
}

export interface Start {
  argv: string[];
  /** undefined: that of this process, whatever has become of it */
  cwd: string | undefined;
  env: NodeJS.ProcessEnv;
  /** variables of ours, which take the place of those in `env`; the person's own value is at the end of each */
  added: Record<string, string>;
  stdio: StdioOptions;
  /** in a session of its own */
  detached: boolean;
  own: OwnBytes;
  /** a file that can be made for a moment, readable by the user alone */
  scratch: string;
}

/** Starts the program. Throws as spawn() does, and {@link HumanError} where its bytes can't be handed on. */
export function startProgram({ argv, cwd, env, added, stdio, detached, own, scratch }: Start): ChildProcess {
  const { words, environment = [] } = own;
  const options = { cwd, stdio, detached, windowsHide: true };
  const spoiled = environment.some((entry) => !isUtf8(entry) && Object.hasOwn(added, nameOf(entry)));
  if (words || spoiled) {
    const file = findPerl(argv);
    const twice = twiceIn(environment);
    if (twice !== undefined) throw new HumanError(`The variable ${twice} stands twice in the environment, which can't be handed on together with words that are no UTF-8. Unset it, or set it once.`);
    writeFileSync(scratch, packed(environment, added, words ?? argv.map((word) => Buffer.from(word))), { mode: 0o600, flag: 'wx' });
    try {
      return withVariables({ PERL_BADLANG: '0' }, () => inheriting([file, '-e', handOn, scratch], options));
    } catch (error) {
      rmSync(scratch, { force: true });
      throw error;
    }
  }
  if (own.environment) return withVariables(added, () => inheriting(argv, options));
  return spawn(argv[0] ?? '', argv.slice(1), { ...options, env: { ...env, ...added } });
}

/** Starts a child with this process's own environment, which spawn() would make anew from strings: libuv inherits it where it is given none. */
function inheriting(argv: string[], options: Pick<SpawnOptions, 'cwd' | 'stdio' | 'detached'>): ChildProcess {
  const child = new (ChildProcess as unknown as new () => ChildProcess & { spawn(options: object): void })();
  child.spawn({ ...options, file: argv[0], args: argv });
  return child;
}

/** Runs `start` while this process has these variables, which leaves all others as the kernel gave them. */
function withVariables<T>(variables: Record<string, string>, start: () => T): T {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  try {
    Object.assign(process.env, variables);
    return start();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

/** A variable that stands twice in an environment: perl would drop one of the two. */
function twiceIn(environment: readonly Buffer[]): string | undefined {
  const names = environment.map(nameOf).filter((name) => name !== '');
  return names.find((name, at) => names.lastIndexOf(name) !== at);
}

const nameOf = (entry: Buffer): string => entry.toString('latin1', 0, Math.max(0, entry.indexOf('=')));

/**
 * Node can pass no word that is no UTF-8. Perl can, is nearly everywhere, and leaves the environment, the signals and the descriptors
 * as they are: it reads variables to be set or taken away and then the words, each with a NUL after it, and becomes the program.
 */
const handOn = `open F, "<:raw", $ARGV[0] or exit 126; local $/; my ($n, @w) = split /\\0/, <F>, -1; close F; unlink $ARGV[0]; pop @w;
for (splice @w, 0, $n) { if (/=/) { $ENV{$\`} = $' } else { delete $ENV{$_} } }
exec { $w[0] } @w; my $e = $! + 0; print STDERR "procession: $w[0]: $!\\n"; exit($e == 2 ? 127 : 126)`;

function packed(environment: readonly Buffer[], added: Record<string, string>, words: readonly Buffer[]): Buffer {
  const own = (name: string): Buffer | undefined => environment.find((entry) => nameOf(entry) === name)?.subarray(name.length + 1);
  const settings = Object.entries(added).map(([name, value]) => {
    const held = own(name);
    return Buffer.concat(held && value.endsWith(held.toString()) ? [Buffer.from(`${name}=${value.slice(0, value.length - held.toString().length)}`), held] : [Buffer.from(`${name}=${value}`)]);
  });
  // It was set to keep perl from complaining of a locale.
  const quiet = process.env.PERL_BADLANG;
  settings.push(Buffer.from(quiet === undefined ? 'PERL_BADLANG' : `PERL_BADLANG=${quiet}`));
  return Buffer.concat([Buffer.from(String(settings.length)), ...settings, ...words].flatMap((part) => [part, Buffer.from([0])]));
}

/** Perl of the system, unless it was told to load something of the person's. */
function findPerl(argv: readonly string[]): string {
  const found = process.env.PERL5OPT === undefined ? ['/usr/bin/perl', '/usr/local/bin/perl', '/bin/perl'].find(isExecutable) : undefined;
  if (found === undefined) throw new HumanError(`${argv.filter((word) => word.includes('\uFFFD')).join(' ') || 'A variable'} is no UTF-8. Handing it on unchanged takes perl, which was not found${process.env.PERL5OPT === undefined ? '' : ' without PERL5OPT'}. Install perl, or rename what is named so.`);
  return found;
}

function isExecutable(path: string | Buffer): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Whether a program is found as execvp(3) would, by its bytes and from this process's own folder. */
export function isThere({ words, environment }: OwnBytes, argv: readonly string[]): boolean {
  const name = words?.[0] ?? Buffer.from(argv[0] ?? '');
  if (name.includes('/')) return isExecutable(name);
  const path = environment?.find((entry) => nameOf(entry) === 'PATH')?.subarray('PATH='.length) ?? Buffer.from(process.env.PATH ?? '');
  return path.toString('latin1').split(':').some((folder) => isExecutable(Buffer.concat([Buffer.from(`${folder || '.'}/`, 'latin1'), name])));
}

import { parseArgs, type ParseArgsConfig } from 'node:util';
import { HumanError, messageOf } from '../core/errors';

type Options = NonNullable<ParseArgsConfig['options']>;

/**
 * Splits `[options] [--] COMMAND ARGS…`: everything from the first word that is no option of ours belongs to the
 * command, as with env(1) or nice(1).
 */
export function splitCommand(args: readonly string[], options: Options): { own: string[]; command: string[] } {
  let i = 0;
  for (; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (arg === '--') return { own: args.slice(0, i), command: args.slice(i + 1) };
    if (!arg.startsWith('-')) break;
    const option = options[arg.replace(/^--/, '')];
    if (option?.type === 'string') i++;
  }
  return { own: args.slice(0, i), command: args.slice(i) };
}

/** Parses options strictly; what does not fit is told to the person. */
export function parseOptions<O extends Options>(args: string[], options: O): ReturnType<typeof parseArgs<{ args: string[]; options: O; strict: true; allowPositionals: true }>> {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: true });
  } catch (error) {
    throw new HumanError(`${messageOf(error).split('. ')[0] ?? ''}. See "procession help".`);
  }
}

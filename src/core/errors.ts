/** An error meant for the person: it says what is wrong and what to do next, and is shown without a stack. Anything else is a bug. */
export class HumanError extends Error {
  override readonly name = 'HumanError';

  /** `status`: the exit status of the command line: 2 bad usage, 126 not executable, 127 not found (as in a shell) */
  constructor(message: string, readonly status = 2) {
    super(message);
  }
}

/** The text of any thrown thing. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The code of a system error (`ENOENT`), if it is one. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

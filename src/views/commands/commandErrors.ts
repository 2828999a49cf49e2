import * as vscode from 'vscode';
import { HumanError, messageOf } from '../../core/errors';
import { forMessage } from '../../core/escapes';

/** How commands are carried out, whatever they do. */

type Handler = (...args: unknown[]) => unknown;

/** A command's handler that shows errors meant for the person, and logs the others. A question that is given up ends it in silence. */
export function guarded(log: vscode.LogOutputChannel, handler: Handler): Handler {
  return async (...args) => {
    try {
      return await handler(...args);
    } catch (error) {
      if (error instanceof vscode.CancellationError) return undefined;
      if (!(error instanceof HumanError)) log.error(error as Error);
      void vscode.window.showErrorMessage(forMessage(error instanceof HumanError ? error.message : `Procession: ${messageOf(error)} (see the log "Procession")`));
      return undefined;
    }
  };
}

/** Does something with all of them at once: none waits for another, or fails for it. What went wrong is told together. */
export async function withAll<T>(items: readonly T[], act: (item: T) => unknown): Promise<void> {
  const results = await Promise.allSettled(items.map((item) => Promise.resolve(item).then(act)));
  const errors: unknown[] = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  const bug = errors.find((error) => !(error instanceof HumanError));
  if (bug !== undefined) throw bug as Error;
  if (errors.length) throw new HumanError(errors.map(messageOf).join('\n'));
}

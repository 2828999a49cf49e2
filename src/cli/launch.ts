import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { HumanError, messageOf } from '../core/errors';
import { shellStatus } from '../core/exits';
import { Launcher, type LaunchSpec } from '../launch/launcher';

/** The order that a window leaves in the run directory; it holds the environment, so it is removed as soon as it is read. */
export const orderOf = (run: string): string => join(run, 'launch.json');

async function keyPressed(): Promise<void> {
  process.stdin.setRawMode(true);
  process.stdin.resume();
  await new Promise<void>((done) => process.stdin.once('data', () => done()));
}

/**
 * `procession launch DIR [--hold]`: carries out the order of a window, as a process of its own, so that the run goes on
 * and is observed whatever becomes of the window. `--hold` keeps the terminal open until a key is pressed.
 */
export async function launch(args: string[]): Promise<number> {
  const [run, hold] = args;
  if (!run) throw new HumanError('procession launch needs a run directory with an order in it.');
  const spec = JSON.parse(readFileSync(orderOf(run), 'utf8')) as LaunchSpec;
  rmSync(orderOf(run));
  const launcher = new Launcher(spec);
  let status: number;
  try {
    status = shellStatus(await launcher.launch(), process.platform);
  } catch (error) {
    process.stderr.write(`procession: ${messageOf(error)}\n`);
    status = error instanceof HumanError ? error.status : 70;
  }
  const ended = launcher.allEnded().then(() => launcher.close());
  if (hold === '--hold' && process.stdin.isTTY) {
    process.stderr.write(`\r\n\x1b[2m${spec.argv[0] ?? ''} ended with ${status > 128 ? `signal ${status - 128}` : `exit code ${status}`}. Press any key to close this terminal.\x1b[0m`);
    await Promise.all([ended, keyPressed()]);
    return 0;
  }
  await ended;
  return status;
}

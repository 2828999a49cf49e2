import { HumanError, messageOf } from '../core/errors';
import { forTerminal, rowsForTerminal } from '../core/escapes';
import { shellStatus } from '../core/exits';
import { HangWatch } from '../insight/watch';
import { guardRun } from '../launch/runGuard';
import { Launcher, ownRef, type LaunchSpec } from '../launch/launcher';
import { takeOrder } from '../launch/launchSpecFile';
import { hostOf } from './hostOf';

/** What only the terminal knows of itself. */
const ofTerminal = ['TERM', 'COLORTERM', 'TERM_PROGRAM', 'TERM_PROGRAM_VERSION'];

/** By these js-debug attaches to what a terminal starts (Auto Attach); the window has given the terminal the program's own NODE_OPTIONS. */
const ofDebugger = ['VSCODE_INSPECTOR_OPTIONS', 'NODE_OPTIONS'];

function withTerminal(spec: LaunchSpec): LaunchSpec {
  const env = { ...spec.env };
  for (const name of ofTerminal) if (process.env[name] !== undefined) env[name] ??= process.env[name];
  if (process.env.VSCODE_INSPECTOR_OPTIONS) for (const name of ofDebugger) env[name] = process.env[name];
  return { ...spec, env };
}

/** Resolves with a key, or when there is nobody left who could press one. */
async function keyPressed(): Promise<void> {
  process.stdin.setRawMode(true);
  process.stdin.resume();
  await new Promise<void>((done) => {
    for (const event of ['data', 'end', 'error', 'close']) process.stdin.once(event, () => done());
  });
}

/**
 * `procession launch DIR [--hold]`: carries out the order of a window, as a process of its own, so that the run goes on
 * and is observed whatever becomes of the window. `--hold` keeps the terminal open until a key is pressed.
 */
export async function launch(args: string[]): Promise<number> {
  const [run, hold] = args;
  if (!run) throw new HumanError('procession launch needs a run directory with an order in it.');
  const order = takeOrder(run);
  const spec = hold === '--hold' ? withTerminal(order) : order;
  let watch: HangWatch | undefined;
  const launcher = new Launcher(spec, (observer) => {
    if (spec.hangAfter !== undefined) watch = new HangWatch(hostOf(run, observer), { after: spec.hangAfter });
  });
  const unguard = guardRun(run, ownRef());
  let status: number;
  try {
    status = shellStatus(await launcher.launch(), process.platform);
  } catch (error) {
    process.stderr.write(`procession: ${rowsForTerminal(messageOf(error))}\n`);
    status = error instanceof HumanError ? error.status : 70;
  }
  const ended = launcher.allEnded().then(() => {
    unguard();
    watch?.finish();
    launcher.close();
  });
  if (hold === '--hold' && process.stdin.isTTY) {
    process.stderr.write(`\r\n\x1b[2m${forTerminal(spec.argv[0] ?? '')} ended with ${status > 128 ? `signal ${status - 128}` : `exit code ${status}`}. Press any key to close this terminal.\x1b[0m`);
    await Promise.all([ended, keyPressed()]);
    return 0;
  }
  await ended;
  return status;
}

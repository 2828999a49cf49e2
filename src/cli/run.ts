import { closeSync, openSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, HumanError } from '../core/errors';
import { forTerminal } from '../core/escapes';
import type { Ending } from '../core/events';
import { shellStatus } from '../core/exits';
import type { Report } from '../core/report';
import { installProbes } from '../launch/environment';
import { Launcher } from '../launch/launcher';
import { ownFolder, ownOddEnvironment, ownPath, ownWords, resolveOwn } from '../launch/ownBytes';
import { readRun } from '../observe/record/readRun';
import { readableBytes } from '../observe/record/readable';
import { createRunDirectory, liveRunsFolder, newRunId, removeFolder } from '../observe/record/runDirectory';
import { parseOptions, splitCommand } from './arguments';

const options = {
  report: { type: 'string' },
  record: { type: 'string' },
  'no-probe': { type: 'boolean' },
  poll: { type: 'string' },
  wait: { type: 'boolean' },
} as const;

/** Time between looks at the process table when nothing else is said, in ms. */
const defaultPoll = 100;

/** Opened before the program starts: a report that can't be written is better known before than after. */
function reserve(file: string): void {
  try {
    closeSync(openSync(ownPath(file), 'w'));
  } catch (error) {
    throw new HumanError(`The report ${file} can't be written (${codeOf(error) ?? String(error)}). Name a file in a folder that you may write to.`);
  }
}

function writeReport(file: string, report: Report): void {
  try {
    writeFileSync(ownPath(file), `${JSON.stringify(report, null, 1)}\n`);
  } catch (error) {
    process.stderr.write(`procession: the report ${forTerminal(file)} could not be written (${codeOf(error) ?? String(error)})\n`);
  }
}

function pollOf(text: string | undefined): number {
  if (text === undefined) return defaultPoll;
  const poll = Number(text);
  if (!Number.isInteger(poll) || poll < 0 || poll > 60_000) throw new HumanError(`--poll takes whole milliseconds from 0 to 60000, not "${text}".`);
  return poll;
}

/** `procession run`: the program with its own stdin, stdout, stderr and exit status, observed. */
export async function run(args: string[]): Promise<number> {
  const { own, command } = splitCommand(args, options);
  const { values } = parseOptions(own, options);
  if (!command[0]) throw new HumanError('Name the command to run: procession run [options] -- COMMAND [ARGS…]');
  const poll = pollOf(values.poll);
  if (values.report !== undefined) reserve(values.report);
  const id = newRunId(Date.now());
  const words = ownWords(command);
  const folder = ownFolder();
  const place = values.record === undefined ? join(liveRunsFolder(), id) : resolveOwn(values.record);
  createRunDirectory(place);
  const directory = realpathSync(place);
  const launcher = new Launcher({
    run: directory, id, argv: words?.map(readableBytes) ?? command, cwd: folder.shown, env: process.env,
    own: { words, environment: ownOddEnvironment(), pathless: !folder.isPath }, output: 'inherit', copies: values.record !== undefined, poll,
    probes: values['no-probe'] ? undefined : installProbes(join(__dirname, 'probes')),
  });
  try {
    const ending: Ending = await launcher.launch();
    if (values.wait) await launcher.allEnded();
    return shellStatus(ending, process.platform);
  } finally {
    // A last look, also without a report: the record says who was left.
    const report = await launcher.report();
    if (values.report !== undefined) writeReport(values.report, report ?? readRun(directory).report);
    launcher.close();
    if (values.record === undefined) removeFolder(directory);
  }
}

import { join, resolve } from 'node:path';
import { HumanError } from '../core/errors';
import { jsonForTerminal } from '../core/escapes';
import { findingsOf } from '../core/findings/rules';
import { renderNow } from '../core/findings/now';
import { renderFindings } from '../core/findings/text';
import { latestRound } from '../core/insight/projection';
import { situationOf } from '../core/insight/situation';
import type { ProcessRef } from '../core/events';
import { membersOf, type Member } from '../core/members';
import { reduce, type RunState } from '../core/state';
import { inquire } from '../insight/inquiry';
import { allEnded, ownRef } from '../launch/launcher';
import { EventFile } from '../observe/record/eventFile';
import { isSame } from '../observe/system/identity';
import { isTrusted } from '../observe/record/origin';
import { readRun } from '../observe/record/readRun';
import { liveRunsFolder, readDescription } from '../observe/record/runDirectory';
import { parseOptions } from './arguments';

const options = { json: { type: 'boolean' }, member: { type: 'string' } } as const;

/** The directory of a run that was named by it, or by the run's id. */
function directoryOf(name: string): string {
  const found = [resolve(name), join(liveRunsFolder(), name)].find((path) => readDescription(path) !== undefined);
  if (found === undefined) throw new HumanError(`There is no run "${name}". Name a folder that "procession run --record DIR" has made, or the id of a run that goes on.`);
  return found;
}

/** Whether a member, by its id, is the one that was asked about; everybody is where nobody was named. */
function meant(pid: string | undefined, members: readonly Member[]): (id: ProcessRef) => boolean {
  if (pid === undefined) return () => true;
  const found = members.filter((member) => String(member.pid) === pid || member.id === pid);
  if (found.length === 0) throw new HumanError(`No process of the run has the pid ${pid}.`);
  return (id) => found.some((member) => member.id === id);
}

/** Asks a run that goes on. What is learned goes into its record, as if its observer had asked. */
async function ask(run: string, state: RunState): Promise<void> {
  const id = ownRef();
  const file = new EventFile(run, 'explain', id);
  await inquire({
    run, id, state,
    members: () => membersOf(state),
    tell: (event) => {
      file.write(event);
      reduce(state, { id, ...event });
    },
  }, 'asked', { thorough: true });
  file.close();
}

/** `procession explain DIR|RUN [--member PID]`: says why a run does not go on, or why it failed; a run that goes on is asked. */
export async function explain(args: string[]): Promise<number> {
  const { values, positionals } = parseOptions(args, options);
  const [name, extra] = positionals;
  if (!name || extra !== undefined) throw new HumanError('Name one run: procession explain DIR, or procession explain RUN');
  const run = directoryOf(name);
  const { state } = readRun(run);
  const description = readDescription(run);
  // A record of somebody else's, or a copy, is read and no more.
  const isLive = description !== undefined && isTrusted(run, description) && state.end?.value !== allEnded && membersOf(state).some((member) => member.endedAt === null && isSame(member.id));
  if (isLive) await ask(run, state);
  const isMeant = meant(values.member, membersOf(state));
  const findings = findingsOf(state, membersOf(state), isLive ? Date.now() : state.now).filter(({ members }) => members.some(isMeant));
  if (values.json) {
    process.stdout.write(`${jsonForTerminal(JSON.stringify(findings, null, 1))}\n`);
    return 0;
  }
  process.stdout.write(`${renderFindings(findings, isLive ? Date.now() : state.now)}\n`);
  const round = latestRound(state.insight);
  const situation = round && situationOf(membersOf(state), round, state.insight);
  if (situation) process.stdout.write(`\n${isLive ? 'What they do now' : 'What they did when they were last asked'}:\n${renderNow(situation, isMeant)}\n`);
  return 0;
}

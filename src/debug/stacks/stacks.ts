import { HumanError, messageOf } from '../../core/errors';
import type { Site } from '../../core/events';
import type { Member } from '../../core/members';
import type { WindowRun } from '../../views/runStore';
import { askProbe, unable } from '../../insight/probeRequest';
import { closeInspector, openInspector, sampleStacks, type StackSample } from '../../insight/inspector';
import { framesOfText, type ThreadStack } from './stackTree';

/** What was found: stacks, and who could not answer, with the reason. */
export interface Stacks {
  stacks: ThreadStack[];
  silent: { member: string; reason: string }[];
}

interface PythonAnswer {
  threads: { thread: string; frames: Required<Site>[] }[];
}

/** ms that a member has to answer; a busy Node process needs a moment to open its inspector */
const patience = { python: 1_500, node: 4_000 };

/** The frames of a debugger and of the probe are not the program's. */
const notTheirs = /[\\/](debugpy|pydevd\w*|_pydev\w*)[\\/.]|^node:procession\b/;

const isTheirs = ({ file }: Site): boolean => !notTheirs.test(file);

/** Without the frames of a debugger: those inside of a member that is paused, and those below a root that it has started by `runpy`. */
function withoutDebugger(frames: Required<Site>[]): Required<Site>[] {
  const first = frames.findIndex((frame) => isTheirs(frame) && !/[\\/]runpy\.py$|^<frozen runpy>$/.test(frame.file));
  return frames.slice(frames.slice(0, Math.max(0, first)).every(isTheirs) ? 0 : first).filter(isTheirs);
}

async function ofPython(run: WindowRun, member: Member, who: string): Promise<Stacks> {
  const { threads } = await askProbe<PythonAnswer>(run.open.directory, member, ['stacks'], patience.python);
  const stacks = threads.map(({ thread, frames }) => ({ member: who, thread, frames: withoutDebugger(frames) })).filter(({ frames }) => frames.length > 0);
  return { stacks, silent: [] };
}

function framesOf({ stack, waits }: StackSample): Required<Site>[] {
  const frames = framesOfText(stack).filter(isTheirs);
  return frames.length > 0 ? frames : [{ function: `waits: ${waits.join(', ') || 'nothing'}`, file: '', line: 0 }];
}

async function ofNode(run: WindowRun, member: Member, who: string): Promise<Stacks> {
  const workers = member.threads.filter(({ state }) => state === 'running');
  const { address, opened } = await openInspector(run.open.directory, member, patience.node);
  try {
    const { main, threads } = await sampleStacks(address, workers.map(({ id }) => id), patience.node);
    const found: Stacks = { stacks: [{ member: who, thread: 'MainThread', frames: framesOf(main) }], silent: [] };
    threads.forEach((sample, at) => {
      const thread = workers[at]?.name ?? '';
      if (sample) found.stacks.push({ member: who, thread, frames: framesOf(sample) });
      else found.silent.push({ member: `${who}, ${thread}`, reason: 'it does not answer: it is in native code that does not return to JavaScript, or has just ended' });
    });
    return found;
  } finally {
    if (opened) await closeInspector(address);
  }
}

/** Takes the stack of every thread of every member of a run while they run. Nobody is stopped, and nobody is waited for in vain. */
export async function takeStacks(run: WindowRun): Promise<Stacks> {
  const found: Stacks = { stacks: [], silent: [] };
  const members = run.open.report().members.filter(({ state, role }) => state !== 'exited' && role !== 'helper');
  await Promise.all(members.map(async (member) => {
    const who = `${member.name} [${member.pid}]`;
    try {
      const reason = unable(member) ?? (member.runtime === 'other' ? `${member.name} is neither Python nor Node.` : undefined);
      if (reason !== undefined) throw new HumanError(reason);
      const { stacks, silent } = member.runtime === 'python' ? await ofPython(run, member, who) : await ofNode(run, member, who);
      found.stacks.push(...stacks);
      found.silent.push(...silent);
    } catch (error) {
      found.silent.push({ member: who, reason: messageOf(error) });
    }
  }));
  return found;
}

import { HumanError, messageOf } from '../core/errors';
import type { Site } from '../core/events';
import type { Member } from '../core/members';
import type { WindowRun } from '../views/runStore';
import { askPython, unable } from './ask';
import { closeInspector, openInspector, sampleStack } from './inspector';
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
const notTheirs = /[\\/](debugpy|pydevd\w*|_pydev\w*)[\\/.]|[\\/]probes[\\/]node[\\/]probe\.cjs$/;

const isTheirs = ({ file }: Site): boolean => !notTheirs.test(file);

/** Without the frames of a debugger: those inside of a member that is paused, and those below a root that it has started by `runpy`. */
function withoutDebugger(frames: Required<Site>[]): Required<Site>[] {
  const first = frames.findIndex((frame) => isTheirs(frame) && !/[\\/]runpy\.py$|^<frozen runpy>$/.test(frame.file));
  return frames.slice(frames.slice(0, Math.max(0, first)).every(isTheirs) ? 0 : first).filter(isTheirs);
}

async function ofPython(run: WindowRun, member: Member, who: string): Promise<ThreadStack[]> {
  const { threads } = await askPython<PythonAnswer>(run.open.directory, member, ['stacks'], patience.python);
  return threads.map(({ thread, frames }) => ({ member: who, thread, frames: withoutDebugger(frames) })).filter(({ frames }) => frames.length > 0);
}

async function ofNode(member: Member, who: string): Promise<ThreadStack[]> {
  const { address, opened } = await openInspector(member, patience.node);
  try {
    const { stack, waits } = await sampleStack(address, patience.node);
    const frames = framesOfText(stack).filter(isTheirs);
    const idle = { function: `waits: ${waits.join(', ') || 'nothing'}`, file: '', line: 0 };
    return [{ member: who, thread: 'MainThread', frames: frames.length ? frames : [idle] }];
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
      found.stacks.push(...(member.runtime === 'python' ? await ofPython(run, member, who) : await ofNode(member, who)));
    } catch (error) {
      found.silent.push({ member: who, reason: messageOf(error) });
    }
  }));
  return found;
}

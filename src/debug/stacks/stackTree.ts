import { baseName, isLibrary } from '../../core/paths';
import { doingIn } from './stackWords';
import type { Frame } from './frame';

/** The stack of one thread, outermost frame first. */
export interface ThreadStack {
  /** who: the member's name with its pid */
  member: string;
  thread: string;
  frames: Frame[];
}

/** Equal beginnings of stacks, merged by the lines of the program; what libraries and the runtime do in between is kept apart. */
export interface StackNode {
  label: string;
  /** what the library does that was called here, in words; empty where the program itself is at work */
  doing: string;
  place: Frame | undefined;
  /** the threads that are here */
  who: string[];
  /** the lines of the program that were called from here */
  children: StackNode[];
  /** the frames of libraries that were called from here, each with those below it */
  library: FrameNode[];
}

/** A frame with what it calls; frames that are alike in all stacks have one. */
export interface FrameNode {
  frame: Frame;
  children: FrameNode[];
}

const keyOf = ({ file, line, function: name }: Frame): string => `${name}\n${file}\n${line}`;
/** `Thread-3 (work)` and `Thread-4 (work)` do the same. */
const kindOf = (thread: string): string => thread.replace(/-\d+/, '').replace(/ \d+$/, '');

/** `images.py:28 in main`; the line alone for the code of a module, the function alone where there is no file. */
function labelOf({ file, line, function: name }: Frame): string {
  if (!file) return name;
  const place = `${baseName(file)}:${line}`;
  return /^(<module>|\(top level\)|Object\.<anonymous>)$/.test(name) ? place : `${place} in ${name}`;
}

interface Growing {
  node: StackNode;
  below: Map<string, Growing>;
  library: Frame[][];
}

const begin = (label: string, place?: Frame, doing = ''): Growing => ({ node: { label, doing, place, who: [], children: [], library: [] }, below: new Map(), library: [] });

function grow(parent: Growing, key: string, make: () => Growing, who: string): Growing {
  const found = parent.below.get(key) ?? make();
  parent.below.set(key, found);
  found.node.who.push(who);
  return found;
}

function finish({ node, below, library }: Growing): StackNode {
  return { ...node, library: mergeFrames(library), children: [...below.values()].map(finish).sort((a, b) => b.who.length - a.who.length || (a.label < b.label ? -1 : 1)) };
}

/** Merges chains of frames into a forest. */
function mergeFrames(chains: readonly Frame[][]): FrameNode[] {
  const byFirst = new Map<string, { frame: Frame; rest: Frame[][] }>();
  for (const [frame, ...rest] of chains) {
    if (!frame) continue;
    const found = byFirst.get(keyOf(frame)) ?? { frame, rest: [] };
    found.rest.push(rest);
    byFirst.set(keyOf(frame), found);
  }
  return [...byFirst.values()].map(({ frame, rest }) => ({ frame, children: mergeFrames(rest) }));
}

const starters = /[\\/](multiprocessing[\\/]process|threading)\.py$/;

/** The frames that are the member's own: a forked child has those of its parent above, and every thread those that started it. */
export function ownFrames(frames: readonly Frame[]): Frame[] {
  const start = frames.findLastIndex(({ file, function: name }) => starters.test(file) && /(^|\.)_bootstrap(_inner)?$/.test(name));
  const rest = frames.slice(start + 1);
  const runs = start >= 0 && rest.length > 1 && starters.test(rest[0]?.file ?? '') && /(^|\.)run$/.test(rest[0]?.function ?? '');
  // What loads the program's first module is no news.
  const loaded = rest.findIndex(({ file }) => !/^node:|^<frozen runpy>$|[\\/]runpy\.py$/.test(file));
  return rest.slice(runs ? 1 : Math.max(0, loaded));
}

/** A line of the program with the frames of libraries that were called from it; without a line where nothing of it is on the stack. */
interface Step {
  line: Frame | undefined;
  library: Frame[];
}

function stepsOf(frames: readonly Frame[]): Step[] {
  const steps: Step[] = [];
  for (const frame of frames) {
    if (!isLibrary(frame.file)) steps.push({ line: frame, library: [] });
    else if (steps.length > 0) steps.at(-1)?.library.push(frame);
    else steps.push({ line: undefined, library: [frame] });
  }
  return steps;
}

/** The frame that stands for a thread in which no line of the program is: the innermost. */
const labelOfLibrary = (library: readonly Frame[], doing: string): string => doing || labelOf(library.at(-1) ?? { function: '', file: '', line: 0 });

/** Merges stacks into a forest: by kind of thread, then line by line of the program from the outermost. What most threads share comes first. */
export function mergeStacks(stacks: readonly ThreadStack[]): StackNode[] {
  const root = begin('');
  for (const { member, thread, frames } of stacks) {
    const kind = kindOf(thread);
    const who = kind === 'MainThread' ? member : `${member}, ${thread}`;
    let at = grow(root, kind, () => begin(kind), who);
    const steps = stepsOf(ownFrames(frames));
    steps.forEach(({ line, library }, index) => {
      const isLast = index === steps.length - 1;
      const doing = isLast ? doingIn(library) : '';
      if (line) at = grow(at, `${keyOf(line)}\n${doing}`, () => begin(labelOf(line), line, doing), who);
      else if (isLast) at = grow(at, `\n${labelOfLibrary(library, doing)}`, () => begin(labelOfLibrary(library, doing)), who);
      at.library.push(library);
    });
  }
  return finish(root).children;
}

/** Frames of a stack as V8 writes it, outermost first, nameless ones left out. */
export function framesOfText(stack: string): Frame[] {
  const found: Frame[] = [];
  for (const line of stack.split('\n')) {
    const match = /^\s+at (?:(.*?) \((?=.*\)$))?(?:file:\/\/)?(.+?):(\d+):\d+\)?$/.exec(line);
    if (match?.[2] && !match[2].startsWith('<anonymous>')) found.push({ function: match[1]?.replace(/ \[as .*\]$/, '') ?? '(top level)', file: match[2], line: Number(match[3]) });
  }
  return found.reverse();
}

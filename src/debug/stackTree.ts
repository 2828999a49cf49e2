import type { Site } from '../core/events';

/** The stack of one thread, outermost frame first. */
export interface ThreadStack {
  /** who: the member's name with its pid */
  member: string;
  thread: string;
  frames: Required<Site>[];
}

/** Equal beginnings of stacks, merged. */
export interface StackNode {
  label: string;
  place: Required<Site> | undefined;
  /** the threads that are here */
  who: string[];
  children: StackNode[];
}

const keyOf = ({ file, line, function: name }: Required<Site>): string => `${name}\n${file}\n${line}`;
/** `Thread-3 (work)` and `Thread-4 (work)` do the same. */
const kindOf = (thread: string): string => thread.replace(/-\d+/, '').replace(/ \d+$/, '');

interface Growing {
  node: StackNode;
  below: Map<string, Growing>;
}

function grow(parent: Growing, key: string, label: string, place: Required<Site> | undefined, who: string): Growing {
  let found = parent.below.get(key);
  if (!found) {
    found = { node: { label, place, who: [], children: [] }, below: new Map() };
    parent.below.set(key, found);
  }
  found.node.who.push(who);
  return found;
}

function finish({ node, below }: Growing): StackNode {
  return { ...node, children: [...below.values()].map(finish).sort((a, b) => b.who.length - a.who.length || (a.label < b.label ? -1 : 1)) };
}

const starters = /[\\/](multiprocessing[\\/]process|threading)\.py$/;

/** The frames that are the member's own: a forked child has those of its parent above, and every thread those that started it. */
export function ownFrames(frames: readonly Required<Site>[]): Required<Site>[] {
  const start = frames.findLastIndex(({ file, function: name }) => starters.test(file) && /(^|\.)_bootstrap(_inner)?$/.test(name));
  const rest = frames.slice(start + 1);
  const runs = start >= 0 && rest.length > 1 && starters.test(rest[0]?.file ?? '') && /(^|\.)run$/.test(rest[0]?.function ?? '');
  return runs ? rest.slice(1) : rest;
}

/** Merges stacks into a forest: by kind of thread, then frame by frame from the outermost. What most threads share comes first. */
export function mergeStacks(stacks: readonly ThreadStack[]): StackNode[] {
  const root: Growing = { node: { label: '', place: undefined, who: [], children: [] }, below: new Map() };
  for (const { member, thread, frames } of stacks) {
    const kind = kindOf(thread);
    const who = kind === 'MainThread' ? member : `${member}, ${thread}`;
    let at = grow(root, kind, kind, undefined, who);
    for (const frame of ownFrames(frames)) at = grow(at, keyOf(frame), frame.function, frame, who);
  }
  return finish(root).children;
}

/** Frames of a stack as V8 writes it, outermost first; Node's own and nameless ones left out. */
export function framesOfText(stack: string): Required<Site>[] {
  const found: Required<Site>[] = [];
  for (const line of stack.split('\n')) {
    const match = /^\s+at (?:(.*?) \((?=.*\)$))?(?:file:\/\/)?(.+?):(\d+):\d+\)?$/.exec(line);
    if (match?.[2] && !/^(node:|<anonymous>)/.test(match[2])) found.push({ function: match[1]?.replace(/ \[as .*\]$/, '') ?? '(top level)', file: match[2], line: Number(match[3]) });
  }
  return found.reverse();
}

import type { ProcessRef } from '../events';
import type { Member } from '../members';
import type { FileLook } from './facts';
import type { Situation } from './situation';
import type { Subject } from './threads';

/** Who is connected to whom by pipes and sockets. */

/** The descriptors that a thread waits for, those that an epoll watches instead of the epoll itself. */
export const awaitedFiles = ({ files, threads }: Subject, isWanted: (tid: number) => boolean = () => true): FileLook[] =>
  filesBehind(files, threads.filter(({ tid }) => isWanted(tid)).flatMap(({ look }) => look.files ?? []));

/** The files of these descriptors, those that an epoll watches instead of the epoll itself. */
export function filesBehind(files: ReadonlyMap<number, FileLook>, wanted: readonly { fd: number }[]): FileLook[] {
  const found = new Set<FileLook>();
  const visit = (fd: number): void => {
    const file = files.get(fd);
    if (!file || found.has(file)) return;
    found.add(file);
    file.watches?.forEach(visit);
  };
  wanted.forEach(({ fd }) => visit(fd));
  return [...found].filter(({ watches }) => watches === undefined);
}

/** Who else holds what is at the other end of a descriptor. */
export function otherEnd({ subjects }: Situation, subject: Subject, { object, way, peer }: FileLook): Subject[] {
  const wanted = object.startsWith('pipe:') ? object : peer;
  if (wanted === undefined) return [];
  return subjects.filter((other) => other !== subject && other.look.files.some((file) => file.object === wanted && (wanted !== object || file.way !== way)));
}

/** Output that a member waits for though the child that wrote it has ended: something that the child has left behind holds it open. */
export interface Inherited {
  reader: Subject;
  file: FileLook;
  holders: Subject[];
}

/** Whether a member was left behind by a child of another one: all between them have ended. */
function isLeftBehind({ members, t }: Situation, { member }: Subject, by: Subject): boolean {
  const passed = new Set<ProcessRef>();
  let parent = member.parent;
  while (parent !== null && parent !== by.member.id && !passed.has(parent)) {
    passed.add(parent);
    const at: Member | undefined = members.get(parent);
    if (!at || at.endedAt === null || at.endedAt > t) return false;
    parent = at.parent;
  }
  return parent === by.member.id && passed.size > 0;
}

/** Finds output that only the survivors of an ended child hold open. Its readers wait for the end of it, which does not come. */
export function inheritedOutputs(situation: Situation): Inherited[] {
  return situation.subjects.flatMap((reader) => {
    const found = awaitedFiles(reader, (tid) => tid === reader.member.pid).filter(({ object }) => object.startsWith('pipe:') || object.startsWith('socket:')).flatMap((file): Inherited[] => {
      const holders = otherEnd(situation, reader, file);
      return holders.length > 0 && holders.every((holder) => isLeftBehind(situation, holder, reader)) ? [{ reader, file, holders }] : [];
    });
    // Its output and its errors are two pipes of the same.
    return found.slice(0, 1);
  });
}

import type { CallEvent, ProcessRef } from '../events';
import type { Member } from '../members';
import { openCall, type InsightState } from './projection';
import type { Answer, FileLook, Look, ObjectFact, ThreadFact, ThreadLook } from './facts';

/** A thread of a member as an inquiry found it: what the kernel shows of it, and, where the probe answered, its stack. */
export interface Thread {
  /** its node in the graph of who could wake whom */
  node: string;
  member: Member;
  tid: number;
  look: ThreadLook;
  fact: ThreadFact | undefined;
  /** the thread that the process began with */
  main: boolean;
}

/** A living member with everything that an inquiry has learned of it. */
export interface Subject {
  member: Member;
  look: Look;
  answer: Answer | undefined;
  threads: Thread[];
  files: ReadonlyMap<number, FileLook>;
  objects: ReadonlyMap<number, ObjectFact>;
  /** the call in which it is blocked until a child has ended, where the probe of Node tells of it */
  call: CallEvent | undefined;
  /** a child of spawn or forkserver that is still on its way to what its parent has given it: it may share memory with others soon */
  arriving: boolean;
}

/** Names of the nodes of the graph. */
export const nodes = {
  thread: (id: ProcessRef, tid: number): string => `thread ${id}/${tid}`,
  process: (id: ProcessRef): string => `process ${id}`,
  end: (id: ProcessRef): string => `end of ${id}`,
  read: (object: string): string => `data in ${object}`,
  write: (object: string): string => `room in ${object}`,
  memory: (key: string): string => `memory ${key}`,
} as const;

/** Start methods after which a child imports its main module before it gets the locks that were given to it. */
const arrives = /^(spawn|forkserver|loky)/;

/** Puts together what was seen, what was answered and what the record tells. */
export function subjectOf(member: Member, look: Look, answer: Answer | undefined, insight: InsightState): Subject {
  const facts = new Map((answer?.threads ?? []).map((fact) => [fact.tid, fact]));
  return {
    member,
    look,
    answer,
    call: openCall(insight, member.id),
    arriving: arrives.test(member.startMethod) && member.role !== 'helper' && !insight.introduced.has(member.id),
    threads: look.threads.map((thread) => ({
      node: nodes.thread(member.id, thread.tid), member, tid: thread.tid, look: thread, fact: facts.get(thread.tid), main: thread.tid === member.pid,
    })),
    files: new Map(look.files.map((file) => [file.fd, file])),
    objects: new Map((answer?.objects ?? []).map((object) => [object.n, object])),
  };
}

/** What lies at an address of a process, named alike in all processes that share it; undefined: it is the process's own. */
export function sharedKey({ look }: Subject, address: number): string | undefined {
  const found = look.shared.find(({ from, to }) => address >= from && address < to);
  return found && `${found.key}+${address - found.from}`;
}

import { formatBytes } from '../describe';
import type { Member } from '../members';
import type { Draft } from './finding';
import type { Rule } from './rule';
import { claimOf, errorsIn, errorText, isOpen, placesOf, recorded, shortType } from './failures';
import { lineOf, site, sites, whoIs, type Scene } from './scene';
import { counted } from './words';

/** Ended for want of memory: by the kernel, by V8's heap limit, or by a MemoryError. */

const advice = 'Process the data in smaller pieces (a generator, batches, a stream), use fewer workers, or raise the limit.';

const isMemoryError = (type: string): boolean => /^(MemoryError|_ArrayMemoryError|ERR_WORKER_OUT_OF_MEMORY)$/.test(shortType(type));

/** The limit that a command line sets for the old generation of V8's heap, in bytes. */
function heapLimit({ argv }: Member): number | undefined {
  const at = argv.findIndex((word) => /^--max[-_]old[-_]space[-_]size/.test(word));
  const found = /=(\d+)$/.exec(argv[at] ?? '')?.[1] ?? (at >= 0 ? argv[at + 1] : undefined);
  return found === undefined ? undefined : Number(found) * 1024 * 1024;
}

/** V8 aborts at its heap limit. Nobody tells why a process has aborted, but its memory does. */
function reachedHeapLimit(member: Member): number | undefined {
  if (member.runtime !== 'node' || member.exit?.signal !== 'SIGABRT' || member.endedBy?.by === 'member' || member.endedBy?.by === 'procession') return undefined;
  const limit = heapLimit(member);
  return limit !== undefined && (member.peakRssBytes ?? 0) >= 0.8 * limit ? limit : undefined;
}

/**
 * Worker threads of Node that reached their limit (`resourceLimits`): Node ends them with 1, before their script can say anything.
 * Nothing else does so but terminate(), which is told.
 */
function threadsIn({ members, insight }: Scene): Draft[] {
  return members.flatMap((member) => member.threads.filter(({ ended, code }) => ended === 'abruptly' && code === 1).flatMap((thread): Draft[] => {
    // An error that ended it would have been told by the thread.
    if (insight.threadErrors.get(member.id)?.some((error) => error.thread === thread.name)) return [];
    return [{
      certainty: 'proved',
      members: [member.id],
      sites: sites(site(thread.site, 'created'), thread.file === null ? [] : [{ file: thread.file, line: 1, role: 'target' }]),
      evidence: [`record: worker thread "${thread.name}" of ${whoIs(member)} was ended by Node with exit code 1, without an error of its script and without terminate(): it reached its memory limit (ERR_WORKER_OUT_OF_MEMORY)`],
      advice: `${advice} The limit of a worker thread is resourceLimits.maxOldGenerationSizeMb.`,
      since: thread.endedAt ?? 0,
      about: { title: `Worker thread "${thread.name}" of ${whoIs(member)} reached its heap limit${thread.site ? `; it was created at ${lineOf(thread.site)}` : ''}.` },
      explains: [`end of thread ${thread.id} of ${member.id}`],
    }];
  }));
}

export const outOfMemory: Rule = {
  name: 'out-of-memory',
  kind: 'failure',
  check: (scene) => [
    ...errorsIn(scene).filter((failed) => isMemoryError(failed.type) && isOpen(scene, failed.member)).map((failed): Draft => ({
      certainty: 'proved',
      members: [failed.member.id],
      sites: placesOf(failed),
      evidence: [recorded(failed), ...(failed.member.peakRssBytes === null ? [] : [`/proc: its memory was ${formatBytes(failed.member.peakRssBytes)} at most`])],
      advice,
      since: failed.t,
      about: { title: `${whoIs(failed.member)} ran out of memory${failed.own[0] ? ` at ${lineOf(failed.own[0])}` : ''}: ${errorText(failed)}.` },
      explains: [claimOf(failed), `end of ${failed.member.id}`],
    })),
    ...scene.members.flatMap((member): Draft[] => {
      const kernel = member.endedBy?.by === 'kernel';
      const limit = kernel ? undefined : reachedHeapLimit(member);
      if ((!kernel && limit === undefined) || !isOpen(scene, member)) return [];
      const size = member.peakRssBytes === null ? '' : formatBytes(member.peakRssBytes);
      return [{
        certainty: kernel ? 'proved' : 'likely',
        members: [member.id],
        sites: sites(site(member.site, 'created'), site(member.target, 'target')),
        evidence: [
          kernel ? `kernel: it has killed for want of memory (${member.endedBy?.via ?? ''})` : `record: it aborted (SIGABRT), and its heap limit is ${formatBytes(limit ?? 0)}`,
          ...(size === '' ? [] : [`/proc: its memory was ${size} at most`]),
        ],
        advice,
        since: member.endedAt ?? 0,
        about: { title: kernel ? `${whoIs(member)} was killed by the kernel for want of memory${size === '' ? '' : ` (${size})`}.` : `${whoIs(member)} aborted at its heap limit of ${formatBytes(limit ?? 0)}.` },
        explains: [`end of ${member.id}`],
      }];
    }),
    ...threadsIn(scene),
  ],
  title: ({ about }) => String(about.title),
  summary: (count) => counted(count, 'process', 'processes') + ' out of memory',
};

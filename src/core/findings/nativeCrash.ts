import { signalMeaning } from '../exits';
import type { Rule } from './rule';
import { isOpen } from './failures';
import { site, sites, whoIs } from './scene';
import { counted } from './words';

const crashes = new Set(['SIGSEGV', 'SIGBUS', 'SIGABRT', 'SIGILL', 'SIGFPE', 'SIGTRAP', 'SIGSYS']);

/** Ended by a fault in native code. */
export const nativeCrash: Rule = {
  name: 'native-crash',
  kind: 'failure',
  check: (scene) => scene.members
    .filter((member) => crashes.has(member.exit?.signal ?? '') && !/^(member|procession|outside|kernel)$/.test(member.endedBy?.by ?? '') && isOpen(scene, member))
    .map((member) => {
      const signal = member.exit?.signal ?? '';
      return {
        certainty: 'proved' as const,
        members: [member.id],
        sites: sites(site(member.site, 'created'), site(member.target, 'target')),
        evidence: [`record: ${whoIs(member)} was ended by ${signal} (${signalMeaning(signal)}), which nobody of the run sent`],
        advice: member.runtime === 'python'
          ? 'Run it with "python -X faulthandler" to see the line; look for a NULL or a wrong type given to ctypes or to an extension module.'
          : 'Look for an addon in native code; core dumps and "node --abort-on-uncaught-exception" show where.',
        since: member.endedAt ?? 0,
        about: { who: whoIs(member), signal, meaning: signalMeaning(signal), ran: member.target ? `, which ran ${member.target.function}` : '' },
        explains: [`end of ${member.id}`],
      };
    }),
  title: ({ about }) => `${about.who}${about.ran} crashed in native code: ${about.signal}, ${about.meaning}.`,
  summary: (count) => counted(count, 'process', 'processes') + ' crashed in native code',
};

import type { Member, WorkerThread } from '../members';
import { errorRule } from './errorRule';
import type { Draft } from './finding';
import type { Rule } from './rule';
import { lineOf, site, sites, whoIs, type Scene } from './scene';
import { counted } from './words';

/** A child runs the main module again, which starts processes or threads. */

const bootstrapping = 'An attempt has been made to start a new process before the';

/** Python tells it itself, as of spawn and forkserver. */
const ofPython = errorRule({
  name: 'missing-main-guard',
  always: true,
  matches: ({ message, traceback }) => message.trim().startsWith(bootstrapping) || (message === 'context has already been set' && /_fixup_main_from/.test(traceback)),
  title: (who, { own }) => `${who} was started by spawn, runs the main module (__main__) again and starts processes itself${own[0] ? ` at ${lineOf(own.at(-1) ?? own[0])}` : ''}: the guard is missing.`,
  advice: () => 'Put what starts processes under "if __name__ == \'__main__\'".',
  summary: () => '',
});

/** So many deep nobody nests workers that all run the same file. */
const deep = 3;

/** Worker threads, each created by another one, that all run the script of their process. */
function nestedThreads({ members }: Scene): Draft[] {
  return members.flatMap((member): Draft[] => {
    const byId = new Map(member.threads.map((thread) => [thread.id, thread]));
    const chainOf = (thread: WorkerThread): WorkerThread[] => {
      const chain = [thread];
      for (let at = byId.get(thread.creator ?? 0); at && !chain.includes(at); at = byId.get(at.creator ?? 0)) chain.push(at);
      return chain;
    };
    const chain = member.threads.map(chainOf).sort((a, b) => b.length - a.length)[0] ?? [];
    const script = chain[0]?.file;
    if (chain.length < deep || !script || !chain.every(({ file }) => file === script) || !member.argv.some((word) => script.endsWith(word.replace(/^\.\//, '')))) return [];
    return [{
      certainty: 'likely',
      members: [member.id],
      sites: sites(chain.flatMap((thread) => site(thread.site, 'created'))),
      evidence: [`record: ${chain.length} worker threads of ${whoIs(member)}, each created by the one before, all run ${script}`],
      advice: 'Start the worker only if (isMainThread), or put the code of the worker into a file of its own.',
      since: chain.at(-1)?.startedAt ?? member.startedAt,
      about: { title: `${whoIs(member)} starts a worker that runs the same file, which starts another one: ${chain.length} nested so far${chain[0]?.site ? `, at ${lineOf(chain[0].site)}` : ''}.` },
    }];
  });
}

const scriptOf = ({ argv }: Member): string | undefined => argv.slice(1).find((word) => !word.startsWith('-'));

/** Forked processes, each the child of another one, that all run the same script with the same arguments. */
function nestedForks({ members, byId }: Scene): Draft[] {
  const isOfSame = (member: Member, parent: Member | undefined): parent is Member => parent !== undefined && scriptOf(parent) !== undefined && scriptOf(parent) === scriptOf(member);
  const depthOf = (member: Member, limit = 64): number => {
    const parent = byId.get(member.parent ?? '');
    return member.startMethod === 'child_process.fork' && limit > 0 && isOfSame(member, parent) ? 1 + depthOf(parent, limit - 1) : 0;
  };
  const deepest = members.map((member) => ({ member, depth: depthOf(member) })).sort((a, b) => b.depth - a.depth)[0];
  if (!deepest || deepest.depth < deep) return [];
  const { member, depth } = deepest;
  return [{
    certainty: 'likely',
    members: members.filter((one) => depthOf(one) > 0).slice(0, 20).map(({ id }) => id),
    sites: sites(site(member.site, 'created')),
    evidence: [`record: ${depth} processes, each forked by the one before, all run ${scriptOf(member) ?? ''}`],
    advice: 'Ask whether this is the child (process.send, an argument) before you fork, or put its code into a file of its own.',
    since: member.startedAt,
    about: { title: `${whoIs(member)} runs the same file as its parent, which forks it again: ${depth} nested so far${member.site ? `, at ${lineOf(member.site)}` : ''}.` },
  }];
}

export const missingMainGuard: Rule = {
  name: 'missing-main-guard',
  kind: 'failure',
  check: (scene) => [...ofPython.check(scene), ...nestedThreads(scene), ...nestedForks(scene)],
  title: ({ about }) => String(about.title),
  summary: (count) => counted(count, 'main module') + ' without a guard',
};

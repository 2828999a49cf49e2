import type { Wait } from '../insight/waits';
import type { Member } from '../members';
import type { Rule } from './rule';
import { list, membersIn, quietSince, site, sites, whoIs, type Cause, type Scene } from './scene';
import { certaintyOf, counted, factOf } from './words';

/** A process is blocked writing to a pipe or socket whose only readers do not read. */

/** The living members that could read what a thread writes. */
export function readersOf({ situation }: Scene, { place, subject }: Wait): Member[] {
  if (!situation || place === undefined) return [];
  if (place.startsWith('pipe:')) {
    const found = situation.wakers.othersOf(place, 'write');
    return found === 'outside' ? [] : found.map(({ member }) => member);
  }
  const peer = [...subject.files.values()].find(({ object }) => object === place)?.peer;
  return situation.subjects.filter(({ look }) => look.files.some(({ object }) => object === peer)).map(({ member }) => member);
}

const writersIn = ({ blocked }: Cause): Wait[] => blocked.filter(({ kind }) => kind === 'send' || kind === 'feed');

export const fullPipe: Rule = {
  name: 'full-pipe',
  kind: 'hang',
  check: (scene) => scene.causes.flatMap((cause) => {
    const writers = writersIn(cause);
    const [first] = writers;
    if (!first) return [];
    const readers = readersOf(scene, first).filter((member) => member !== first.subject.member);
    const waiting = cause.blocked.filter(({ subject, thread }) => readers.includes(subject.member) && thread.main);
    const members = [...new Set([...membersIn(writers), ...readers])];
    const suspended = waiting.flatMap(({ subject }) => subject.answer?.waiting ?? []);
    return [{
      certainty: certaintyOf(writers),
      members: members.map(({ id }) => id),
      sites: sites(
        writers.flatMap((wait) => site(wait.site, 'waits')), waiting.flatMap((wait) => site(wait.site, 'waits')),
        suspended.flatMap(({ frames }) => frames.filter(({ own }) => own).slice(0, 2).flatMap((frame) => site({ file: frame.file, line: frame.line, function: frame.function }, 'waits'))),
        membersIn(writers).flatMap((member) => site(member.site, 'created')),
      ),
      evidence: [
        ...writers.map(factOf),
        readers.length > 0 ? `/proc: only ${list(readers.map(whoIs))} could read it` : '/proc: nobody else could read it',
        ...waiting.map(factOf),
        ...suspended.map(({ name, frames }) => `asked: coroutine ${name} is suspended${frames.find(({ own }) => own) ? ` at ${frames.filter(({ own }) => own).map(({ file, line }) => `${file.split('/').at(-1) ?? file}:${line}`).join(', ')}` : ''}`),
      ],
      advice: 'Read the output while the child runs: communicate(), a thread or a listener that reads, or a file instead of the pipe.',
      since: quietSince(scene, members),
      about: { writers: list(membersIn(writers).map(whoIs)), count: membersIn(writers).length, readers: list(readers.map(whoIs)) },
      explains: [...cause.nodes],
    }];
  }),
  title: ({ about }) => `${about.writers} can't write any more: the pipe is full, and ${about.readers === '' ? 'nobody reads it' : `${about.readers}, who could read it, does not`}.`,
  summary: (count) => counted(count, 'process is', 'processes are') + ' blocked writing to a full pipe',
};

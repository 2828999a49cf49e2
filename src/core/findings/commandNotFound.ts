import type { SpawnFailedEvent } from '../events';
import { quoteCommand } from '../describe';
import type { Draft } from './finding';
import type { Rule } from './rule';
import { claimOf, errorsIn, errorText, rootOf, runFailed } from './failures';
import { lineOf, site, sites, whoIs, type Scene } from './scene';
import { counted } from './words';

/** A child could not be started: no such program or folder, no permission, a command line that is too long. */

const reasons: readonly [RegExp, string][] = [
  [/ENOENT|No such file or directory/, 'there is no such program, or no such working directory'],
  [/EACCES|Permission denied/, 'it is not executable'],
  [/E2BIG|Argument list too long/, 'its command line is too long'],
  [/ENOEXEC|Exec format error/, 'it is no program for this machine, and has no "#!" line'],
  [/ENOTDIR|Not a directory/, 'a part of its path is no folder'],
];

const reasonOf = (message: string): string | undefined => reasons.find(([pattern]) => pattern.test(message))?.[1];

/** An error that came of a failed start: of the same process, soon after, and with the same reason. */
function consequence(scene: Scene, { id, t, message }: SpawnFailedEvent): ReturnType<typeof errorsIn>[number] | undefined {
  return errorsIn(scene).find((failed) => failed.member.id === id && failed.t >= t - 50 && reasonOf(`${failed.type} ${failed.message}`) === reasonOf(message));
}

/** Shells say by their exit status that they found no program: 127, or may not execute it: 126 (POSIX, Shell Command Language). */
function shells(scene: Scene): Draft[] {
  if (!runFailed(scene)) return [];
  return scene.members.filter(({ exit, argv, role }) => (exit?.code === 127 || exit?.code === 126) && (role === 'helper' || /(^|\/)(sh|bash|dash|zsh)$/.test(argv[0] ?? ''))).map((member) => ({
    certainty: 'likely',
    members: [member.id],
    sites: sites(site(member.site, 'failed')),
    evidence: [`record: ${quoteCommand(member.argv).slice(0, 200)} ended with ${member.exit?.code ?? ''}, by which a shell says that it ${member.exit?.code === 127 ? 'found no such command' : 'may not execute it'}`],
    advice: 'Check the name of the command, PATH, and the working directory.',
    since: member.endedAt ?? 0,
    about: { title: `A shell (${quoteCommand(member.argv).slice(0, 120)}) ${member.exit?.code === 127 ? 'found no such command' : 'may not execute its command'}${member.site ? `, at ${lineOf(member.site)}` : ''}.` },
    explains: [`end of ${member.id}`],
  }));
}

export const commandNotFound: Rule = {
  name: 'command-not-found',
  kind: 'failure',
  check: (scene) => [
    ...scene.state.spawnFailures.flatMap((failure): Draft[] => {
      const reason = reasonOf(failure.message);
      const failed = consequence(scene, failure);
      const parent = scene.byId.get(failure.id) ?? rootOf(scene);
      // A program that goes on has dealt with it: it tries one tool after the other, say.
      if (reason === undefined || !failed || !parent) return [];
      const command = failure.argv?.[0] ?? 'a program';
      return [{
        certainty: 'proved',
        members: [parent.id],
        sites: sites(site(failure.site, 'failed'), failed.own.slice(0, 3).flatMap((where) => site(where, 'failed'))),
        evidence: [`record: ${whoIs(parent)} tried to start ${quoteCommand(failure.argv ?? []).slice(0, 200)}: ${failure.message}`, `record: ${whoIs(parent)} ended with ${errorText(failed)}`],
        advice: /EACCES|Permission/.test(failure.message) ? `Make it executable (chmod +x ${command}), or run it with its interpreter.` : 'Check the name of the program, PATH, and the working directory (cwd).',
        since: failure.t,
        about: { title: `${whoIs(parent)} can't start ${command}${failure.site ? ` at ${lineOf(failure.site)}` : ''}: ${reason} (${failure.message}).` },
        explains: [claimOf(failed)],
      }];
    }),
    ...shells(scene),
  ],
  title: ({ about }) => String(about.title),
  summary: (count) => counted(count, 'program') + ' could not be started',
};

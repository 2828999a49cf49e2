import { describeExit } from '../describe';
import { errorRule, type More } from './errorRule';
import { errorText, mayBeHandled, shortType, type Failed } from './failures';
import { lineOf, site, whoIs, type Scene } from './scene';
import { counted } from './words';

/** Errors that a person brings about, and such as are told as a consequence of something else. */
const notOwn = /^(KeyboardInterrupt|BrokenProcessPool|BrokenExecutor|TerminatedWorkerError)$/;

/** ms */
const justBefore = 2_000;

/** Whoever writes to a child that has ended gets such an error: which child it was. */
function goneBefore({ members, state }: Scene, failed: Failed): More {
  if (!/EPIPE|ECONNRESET|ERR_STREAM_DESTROYED|Channel closed|Broken pipe/.test(`${failed.type} ${failed.message}`)) return {};
  const gone = members.filter((child) => child.parent === failed.member.id && child.role !== 'helper' && child.endedAt !== null && Math.abs(failed.t - child.endedAt) < justBefore);
  return {
    members: gone.map(({ id }) => id),
    sites: gone.flatMap((child) => [...site(child.site, 'created'), ...site(state.members.get(child.id)?.claims.exit?.value.site, 'target')]),
    evidence: gone.map((child) => `record: its child ${whoIs(child)} had ended, exit ${describeExit(child)}: who writes to its stdin then gets this error`),
  };
}

/** An error that nobody handled has ended a process, and nobody looked at its exit code. The last of the rules about errors. */
export const unhandledError = errorRule({
  name: 'unhandled-error',
  // As long as its parent lives, it may look at the exit code yet.
  matches: ({ type, thread, member }, scene) => !notOwn.test(shortType(type)) && thread === undefined && !mayBeHandled(scene, member, Infinity),
  // Whether a parent in Node does something with the exit that it awaits nobody can see.
  certainty: ({ member }) => (member.runtime === 'node' && member.role !== 'root' ? 'likely' : 'proved'),
  title: (who, failed) => `${who} ended with an error that nobody handles${failed.own[0] ? `, at ${lineOf(failed.own[0])}` : ''}: ${errorText(failed)}.`,
  advice: ({ member, type, message }) => {
    if (member.role === 'root') return member.runtime === 'node' && /EPIPE|ECONN|ERR_/.test(`${type} ${message}`) ? 'Listen for "error" on the stream or child that raises it, or catch the rejection.' : 'Handle the error, or mend what raises it.';
    return member.runtime === 'node'
      ? 'Listen for "error" and "exit" of the child and look at the exit code; catch the rejection in the child.'
      : 'Look at exitcode after join(), or use an executor and result(), which raises the error in the parent.';
  },
  more: goneBefore,
  summary: (count) => counted(count, 'error') + ' that nobody handled',
});

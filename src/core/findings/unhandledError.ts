import { errorRule } from './errorRule';
import { errorText, shortType } from './failures';
import { lineOf } from './scene';
import { counted } from './words';

/** Errors that a person brings about, and such as are told as a consequence of something else. */
const notOwn = /^(KeyboardInterrupt|BrokenProcessPool|BrokenExecutor|TerminatedWorkerError)$/;

/** An error that nobody handled has ended a process, and nobody looked at its exit code. The last of the rules about errors. */
export const unhandledError = errorRule({
  name: 'unhandled-error',
  matches: ({ type, thread }) => !notOwn.test(shortType(type)) && thread === undefined,
  title: (who, failed) => `${who} ended with an error that nobody handles${failed.own[0] ? `, at ${lineOf(failed.own[0])}` : ''}: ${errorText(failed)}.`,
  advice: ({ member, type, message }) => {
    if (member.role === 'root') return member.runtime === 'node' && /EPIPE|ECONN|ERR_/.test(`${type} ${message}`) ? 'Listen for "error" on the stream or child that raises it, or catch the rejection.' : 'Handle the error, or mend what raises it.';
    return member.runtime === 'node'
      ? 'Listen for "error" and "exit" of the child and look at the exit code; catch the rejection in the child.'
      : 'Look at exitcode after join(), or use an executor and result(), which raises the error in the parent.';
  },
  summary: (count) => counted(count, 'error') + ' that nobody handled',
});

import { errorRule } from './errorRule';
import { errorText, shortType } from './failures';
import { lineOf } from './scene';
import { counted } from './words';

const told = /cannot pickle|can't pickle|can't get local object|could not be cloned|not picklable|cannot be pickled|error sending result/i;

/** What was at fault, in the words of the error: the object in quotes, or the type. */
const culprit = (message: string): string => /'([^']+)'/.exec(message)?.[1] ?? /"([^"]+)"/.exec(message)?.[1] ?? '';

/** A target, an argument, a task or a result can't be pickled, or cloned. */
export const cannotPickle = errorRule({
  name: 'cannot-pickle',
  matches: ({ type, message }) => /^(PicklingError|MaybeEncodingError|DataCloneError)$/.test(shortType(type)) || (/(Error)$/.test(type) && told.test(message)),
  title: (who, failed) => {
    const what = culprit(failed.message);
    return `${who} can't send ${what === '' ? 'an object' : what} to another process${failed.own[0] ? ` at ${lineOf(failed.own[0])}` : ''}: ${errorText(failed)}.`;
  },
  advice: ({ message }) => (/local object|lambda/.test(message)
    ? 'Use a function that is defined at the top of a module: a local function or a lambda can\'t be pickled.'
    : 'Send plain data, and open files, locks and connections in the process that uses them.'),
  summary: (count) => counted(count, 'object') + ' could not be sent to another process',
});

import { errorRule } from './errorRule';
import { errorText, shortType, type Failed } from './failures';
import { counted } from './words';

/** Python: the name is missing in a module that a child has imported, or that was forked before it was there. */
const isMissingAttribute = ({ type, message }: Failed): boolean => shortType(type) === 'AttributeError' && /^Can't get attribute '.+' on <module/.test(message);

const isMissingModule = ({ type, message }: Failed): boolean => /^(ModuleNotFoundError|ImportError)$/.test(shortType(type))
  || /\b(ERR_MODULE_NOT_FOUND|MODULE_NOT_FOUND)\b/.test(type) || /^Cannot find (module|package) /.test(message);

/** A child can't import or find what it is to run. */
export const cannotImport = errorRule({
  name: 'cannot-import',
  matches: (failed) => (isMissingAttribute(failed) || isMissingModule(failed)) && (failed.member.role !== 'root' || failed.thread !== undefined),
  title: (who, failed) => `${who} can't find what it is to run: ${errorText(failed)}.`,
  advice: (failed) => {
    if (!isMissingAttribute(failed)) return 'Check the name of the module, and that the child has the same search path and working directory as its parent.';
    return failed.member.startMethod === 'fork'
      ? 'Make the pool after the functions that it is to run: its workers were forked before this one was there.'
      : 'Put the function into a module that the child can import: what is defined under "if __name__ == \'__main__\'" or typed into a shell is not there.';
  },
  summary: (count) => counted(count, 'child', 'children') + ' could not import what they are to run',
});

import { errorRule } from './errorRule';
import { lineOf } from './scene';
import { counted } from './words';

const bootstrapping = 'An attempt has been made to start a new process before the';

/** A child started by spawn or forkserver runs the main module again, which starts processes. */
export const missingMainGuard = errorRule({
  name: 'missing-main-guard',
  always: true,
  matches: ({ message }) => message.trim().startsWith(bootstrapping),
  title: (who, { own }) => `${who} was started by spawn, runs the main module (__main__) again and starts processes itself${own[0] ? ` at ${lineOf(own.at(-1) ?? own[0])}` : ''}: the guard is missing.`,
  advice: () => 'Put what starts processes under "if __name__ == \'__main__\':".',
  summary: (count) => counted(count, 'main module') + ' without a guard',
});

import { errorRule } from './errorRule';
import { lineOf } from './scene';
import { counted } from './words';

/** A daemonic process tried to start a child. */
export const daemonicChildren = errorRule({
  name: 'daemonic-children',
  always: true,
  matches: ({ message }) => message.startsWith('daemonic processes are not allowed to have children'),
  title: (who, { own }) => `${who} is daemonic, so it may not start a child${own[0] ? ` at ${lineOf(own[0])}` : ''}.`,
  advice: () => 'Start it with daemon=False, or use concurrent.futures.ProcessPoolExecutor, whose workers are not daemonic.',
  summary: (count) => counted(count, 'daemonic process', 'daemonic processes') + ' tried to start children',
});

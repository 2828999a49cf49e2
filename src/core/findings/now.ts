import { forTerminal } from '../escapes';
import type { ProcessRef } from '../events';
import type { Situation } from '../insight/situation';
import type { Wait } from '../insight/waits';
import { factOf } from './words';

/** What each member does now, as an inquiry has found it: a line for each thread that a person would care about. `isMeant` chooses members. */
export function renderNow({ subjects, wakers }: Situation, isMeant: (id: ProcessRef) => boolean = () => true): string {
  return subjects.filter(({ member }) => member.role !== 'helper' && isMeant(member.id)).flatMap(({ threads }) => {
    const waits = threads.flatMap(({ node }) => wakers.waits.get(node) ?? []);
    return waits.filter((wait) => wait.thread.main || (wait.path.length > 0 && wait.kind !== 'idle')).map((wait) => forTerminal(doing(wait)));
  }).join('\n');
}

function doing(wait: Wait): string {
  const { subject, thread, site } = wait;
  const who = `${subject.member.name} (${subject.member.pid})${thread.main ? '' : `, thread ${thread.fact?.name ?? thread.look.name}`}`;
  const task = thread.fact?.task ? `, task ${thread.fact.task.function}(${thread.fact.task.arguments ?? ''})` : '';
  if (thread.look.on === 'cpu') return `  ${who} runs${site ? ` at ${site.file}:${site.line}` : ''}${task}`;
  if (thread.look.on === 'stopped') return `  ${who} is stopped`;
  if (wait.kind === 'idle') return `  ${who} waits for its next task`;
  if (thread.look.on === 'time' && wait.kind === 'other') return `  ${who} sleeps${site ? ` at ${site.file}:${site.line}` : ''}${task}`;
  return `  ${factOf(wait).replace(/^(asked|\/proc): /, '')}${task}`;
}

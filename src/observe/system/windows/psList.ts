import type { ProcessDescriptor } from 'ps-list';
import type { ProcessRow } from '../listing';

/**
 * A row of ps-list. Its CPU is an average over the whole life and its memory a share of the machine's, so neither is
 * taken: what is not known stays unknown.
 */
export function fromPsList({ pid, ppid, name, cmd, path, startTime }: ProcessDescriptor): ProcessRow {
  // The one state that it lets through: ps writes "[node] <defunct>" for a zombie.
  const zombie = cmd?.endsWith('<defunct>');
  return {
    pid, ppid, name,
    ...(zombie ? { state: 'Z' } : {}),
    ...(cmd && !zombie ? { argv: cmd.split(' ').filter((word) => word !== '') } : {}),
    ...(path ? { exe: path } : {}),
    ...(startTime ? { startedAt: startTime.getTime() } : {}),
  };
}

/** All processes, by ps-list. On Windows: pid, parent and name only. */
export async function listWithPsList(): Promise<ProcessRow[]> {
  const { default: psList } = await import('ps-list');
  return (await psList()).map(fromPsList);
}

import type { Event, EventType, ProcessRef } from '../../core/events';

/** Who has written an event file, by its name, and what may stand in it. */

/** What the launcher, an observer, a window or a runner tells, of whatever process. A probe tells only what it can know: of its own process and its children. */
const ofProcession: ReadonlySet<EventType> = new Set(['run', 'root', 'launchFailed', 'rootExit', 'end', 'seen', 'sample', 'zombie', 'gone', 'outOfMemory', 'problem']);

/** The process whose file it is: `<ref>.ndjson` is that of a probe, `<kind>-<ref>.ndjson` one of Procession's own. */
export interface Writer {
  id: ProcessRef | undefined;
  isProbe: boolean;
}

export function writerOf(file: string): Writer {
  const [, kind, id] = /^(?:([a-z]+)-)?(\d+(?:@\d+)?\.\w+)\.ndjson$/.exec(file) ?? [];
  return { id, isProbe: id !== undefined && kind === undefined };
}

/** Whether an event stands where it may: under its writer's own name, and of a kind that the writer can know of. */
export function mayTell({ id, isProbe }: Writer, event: Event): boolean {
  return (id === undefined || event.id === id) && !(isProbe && (ofProcession.has(event.e) || (event.e === 'signal' && event.by !== undefined)));
}

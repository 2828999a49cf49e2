/** Whether a run is observed, as far as a window can tell. */
export interface ObservationFacts {
  /** the record has its last word */
  isOver: boolean;
  /** the program was started */
  hasRoot: boolean;
  /** a debugger starts the program, and its session tells when it does not */
  isDebugged: boolean;
  /** who observes, or has: the launcher says so as soon as it has read its order */
  observer: 'alive' | 'gone' | 'unknown';
  /** the process that was to become the launcher is known to have ended */
  launcherEnded: boolean;
  /** the launcher has not read its order yet */
  hasOrder: boolean;
  /** ms since the order was given */
  age: number;
}

/** ms that a launcher may take to read its order (a terminal outside the editor has to open first), and then to say who it is. */
const patience = { order: 60_000, launcher: 10_000 };

/**
 * What a window has to do about a run: have it observed, because its launcher or its observer is gone; or give it up, because
 * nobody will start its program any more.
 */
export function dutyOf({ isOver, hasRoot, isDebugged, observer, launcherEnded, hasOrder, age }: ObservationFacts): 'nothing' | 'observe' | 'giveUp' {
  if (isOver || observer === 'alive') return 'nothing';
  if (hasRoot) return 'observe';
  if (isDebugged) return 'nothing';
  if (observer === 'gone' || launcherEnded) return 'giveUp';
  return age > (hasOrder ? patience.order : patience.launcher) ? 'giveUp' : 'nothing';
}

/** When to try again what may fail again and again: after 5, 10, 20, 40 and then every 60 s. */
export function nextTry(tries: number): number {
  return Math.min(60_000, 5_000 * 2 ** tries);
}

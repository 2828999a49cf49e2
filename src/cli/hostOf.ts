import type { WatchHost } from '../insight/host';
import { ownRef } from '../launch/launcher';
import type { Observer } from '../observe/observer';

/** What the watch for hangs needs of the observer of a run (its directory). */
export const hostOf = (run: string, observer: Observer): WatchHost => ({
  run,
  id: ownRef(),
  state: observer.state,
  get running() {
    return observer.running;
  },
  members: () => observer.members(),
  tell: (event) => observer.tell(event),
  refresh: () => observer.refresh(),
});

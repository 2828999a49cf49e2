import { readdirSync, watch, type FSWatcher } from 'node:fs';

/** ms; a new file is noticed within this time also where its notice is lost, or none can be had (`ENOSPC`: the user's inotify watches are used up) */
const pollEvery = 250;

/** Tells the names in a folder, whenever they may have changed. `watching` is replaced in tests. Returns what ends it. */
export function followFolder(folder: string, found: (names: string[]) => void, watching: typeof watch = watch): () => void {
  const look = (): void => {
    try {
      found(readdirSync(folder));
    } catch {
      // It is gone.
    }
  };
  let watcher: FSWatcher | undefined;
  try {
    watcher = watching(folder, { persistent: false }, look);
    watcher.on('error', () => watcher?.close());
  } catch {
    // The timer looks.
  }
  const timer = setInterval(look, pollEvery);
  timer.unref();
  look();
  return () => {
    watcher?.close();
    clearInterval(timer);
  };
}

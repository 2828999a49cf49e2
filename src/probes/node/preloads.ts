import type { Taken } from './taken';


/** What Node keeps of `--require`: the list itself, which it goes through by index while the modules are loaded. */
const requests = (): string[] | undefined => (process as unknown as { _preload_modules?: string[] })._preload_modules;

/** Follows our entry in the list of a thread, see threadStart.ts: a module that is there anyway. */
export const filler = 'events';

/** A thread that has inherited our entry must not load the one that was pushed onto its list, too. */
function dropPushed(list: string[], probe: string): void {
  const pushed = list.length - 2;
  if (list[pushed] !== probe || list[pushed + 1] !== filler) return;
  list.length = list.indexOf(probe) < pushed ? pushed : pushed + 1;
}

interface Loader {
  _pathCache?: Record<string, string>;
}

/** The program would find one module more than it loaded, and a preload that it did not ask for. */
export function forgetPreload(taken: Taken | undefined): void {
  delete require.cache[__filename];
  const { _pathCache = {} } = module.constructor as Loader;
  for (const request of Object.keys(_pathCache)) if (_pathCache[request] === __filename) delete _pathCache[request];
  const list = requests();
  if (!taken || !list) return;
  if (taken.thread !== undefined) dropPushed(list, taken.probe);
  Object.defineProperty(process, '_preload_modules', { value: list.filter((request) => request !== taken.probe) });
}

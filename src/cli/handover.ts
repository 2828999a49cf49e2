import { keptAs, names } from '../launch/kept.mjs';

/** Gives an environment back what was kept from Node while it came up, so that the program gets it. */
export function takeOver(environment: NodeJS.ProcessEnv): void {
  for (const name of names) {
    const kept = environment[keptAs + name];
    delete environment[keptAs + name];
    if (kept) environment[name] = kept;
  }
}

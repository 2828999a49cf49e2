import { keptAs } from '../launch/kept.mjs';

/** Gives an environment back what was kept from Node while it came up, so that the program gets it. */
export function takeOver(environment: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(keptAs)) continue;
    delete environment[name];
    if (value !== '') environment[name.slice(keptAs.length)] = value;
  }
}

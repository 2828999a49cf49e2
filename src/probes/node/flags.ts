/** Options of this process that make Node print what the probe does for itself. */

const isSet = (flag: string): boolean => [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(' ')].includes(flag);

/** `process.binding` warns when pending deprecations are asked for. */
export const mayUseBinding = (): boolean => !isSet('--pending-deprecation') && process.env.NODE_PENDING_DEPRECATION !== '1';

/** Node warns of each synchronous call to the system that comes after the main script. */
export const warnsOfCalls = (): boolean => isSet('--trace-sync-io');

/**
 * Lets the inspector of each process open at a port of its own when a person asks for it (SIGUSR1): at Node's fixed one,
 * 9229, only one process of a run could be attached to at a time. A port that somebody chose is left alone.
 */
export function freeDebugPort(): void {
  const flags = `${process.execArgv.join(' ')} ${process.env.NODE_OPTIONS ?? ''}`;
  if (process.debugPort === 9229 && !flags.includes('--inspect') && !flags.includes('--debug')) process.debugPort = 0;
}

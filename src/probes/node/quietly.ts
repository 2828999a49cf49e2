/**
 * Runs what the probe wants for itself: whatever goes wrong in it must not reach the user's program.
 * Returns what `action` returns, or undefined when it threw.
 */
export function quietly<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

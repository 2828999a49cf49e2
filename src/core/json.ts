/** What a text of JSON says; undefined where it is none, as a line that a killed process has left half written. */
export function parsed<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}

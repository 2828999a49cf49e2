export interface Python {
  path: string;
  version: string;
  implementation: string;
}
export function findPythons(): Python[];

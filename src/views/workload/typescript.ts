import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { HumanError } from '../../core/errors';
import { nodeOf } from '../../workload/run/plan';
import { userEnvironment } from '../surroundings';

export const isTypeScript = (file: string): boolean => /\.[cm]?ts$/.test(file);

const known = new Map<string, Promise<boolean>>();

/** Whether a Node runs TypeScript by itself, by leaving the types out: 22.18, 23.6 and later do. Asked once for each. */
function stripsTypes(node: string): Promise<boolean> {
  const before = known.get(node);
  if (before) return before;
  const asked = new Promise<boolean>((resolve) => {
    execFile(node, ['-p', 'process.features.typescript'], { env: userEnvironment(), timeout: 10_000 }, (error, stdout) => resolve(!error && /strip|transform/.test(stdout)));
  });
  known.set(node, asked);
  return asked;
}

/** Whether the Node of a workload can run a file; `interpreter` is the one that the workload names. */
export function canRun(file: string, interpreter?: string): Promise<boolean> {
  return isTypeScript(file) ? stripsTypes(nodeOf(interpreter === undefined ? {} : { interpreter }, userEnvironment())) : Promise.resolve(true);
}

/** Throws {@link HumanError} where the Node of a workload can't run a file. */
export async function mustRun(file: string, interpreter?: string): Promise<void> {
  if (!(await canRun(file, interpreter))) throw new HumanError(`${basename(file)} is TypeScript, which this Node does not run. Name a Node from 22.18 on in the workload ("interpreter": "/path/to/node"), or the compiled file.`);
}

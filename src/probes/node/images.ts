import { overhear } from './channels';
import { brief, record, runIsGone } from './journal';
import { markEnvironment } from './marking';
import { callers, siteOf } from './site';

/** Observes process.execve() (Node 22.15 on). The list of variables in the message is the one that Node then hands over. */
export function watchExec(): void {
  const executing = (message: unknown): void => {
    const { args, env } = message as { args: string[]; env: string[] };
    record({ e: 'exec', argv: brief(args), site: siteOf(callers(executing)) });
    if (!runIsGone()) markEnvironment(env, args);
  };
  if ('execve' in process) overhear('process.execve', 'node:internal/process/per_thread', executing);
}

import { diagnosticsChannel } from './builtins';
import { brief, record, runIsGone } from './journal';
import { markEnvironment } from './mark';
import { quietly } from './quietly';
import { callers, siteOf } from './site';

/** Observes process.execve() (Node 22.15 on). The list of variables in the message is the one that Node then hands over. */
export function watchExec(): void {
  const executing = (message: unknown): void => void quietly(() => {
    const { args, env } = message as { args: string[]; env: string[] };
    record({ e: 'exec', argv: brief(args), site: siteOf(callers(executing)) });
    if (!runIsGone()) markEnvironment(env, args);
  });
  diagnosticsChannel().subscribe('process.execve', executing);
}

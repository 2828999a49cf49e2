import type { Run } from '../workload';

type Ranks = Extract<Run, { ranks: number }>;

/** Variables that bring the probes into processes on other hosts, where the launcher does not pass the environment on by itself. */
const carried = ['PROCESSION', 'PYTHONPATH', 'NODE_OPTIONS'];

/** The command line that starts one program as so many ranks. Rank numbers come back by the probes, from the environment. */
export function launcherOf({ ranks, launcher, program, hosts, options = [] }: Ranks, env: NodeJS.ProcessEnv): string[] {
  switch (launcher) {
    case 'mpirun': {
      const elsewhere = hosts ? ['--host', hosts.join(','), ...carried.filter((name) => env[name] !== undefined).flatMap((name) => ['-x', name])] : [];
      return ['mpirun', '-np', String(ranks), ...elsewhere, ...options, ...program];
    }
    case 'srun':
      return ['srun', '-n', String(ranks), ...(hosts ? ['-w', hosts.join(',')] : []), ...options, ...program];
    case 'torchrun':
      // It starts Python itself.
      return ['torchrun', '--nproc-per-node', String(ranks), ...options, ...(/(^|\/)python[\d.]*$/.test(program[0] ?? '') ? program.slice(1) : program)];
  }
}

import { os } from './builtins';
import { ownGroup } from './identity';
import { brief, record } from './journal';
import type { Mark } from './mark';
import { quietly } from './quietly';
import { system } from './system';

/** Variables by which launchers number their processes: rank, rank on this machine, number of ranks. */
export const numberings = [
  ['RANK', 'LOCAL_RANK', 'WORLD_SIZE'],
  ['OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_LOCAL_RANK', 'OMPI_COMM_WORLD_SIZE'],
  ['PMI_RANK', 'MPI_LOCALRANKID', 'PMI_SIZE'],
  ['SLURM_PROCID', 'SLURM_LOCALID', 'SLURM_NTASKS'],
] as const;

function numberFrom(variable: string): number | undefined {
  const text = process.env[variable];
  return text !== undefined && text !== '' && Number.isInteger(Number(text)) ? Number(text) : undefined;
}

/** The number of this worker of `cluster`; Node has removed the variable from process.env by now. */
function clusterWorker(): string | undefined {
  if (typeof process.send !== 'function') return undefined;
  const environment = quietly(() => system.readFileSync('/proc/self/environ', 'utf8'));
  return environment?.split('\0').find((pair) => pair.startsWith('NODE_UNIQUE_ID='))?.slice('NODE_UNIQUE_ID='.length);
}

/** Records that this process is up, and what its environment says about its place in the run. */
export function introduceProcess({ ancestor }: Mark): void {
  const names = numberings.find(([rank]) => numberFrom(rank) !== undefined);
  record({
    e: 'start',
    ppid: process.ppid,
    pgid: ownGroup(),
    parent: ancestor,
    runtime: 'node',
    version: process.versions.node,
    argv: brief([process.argv0, ...process.execArgv, ...process.argv.slice(1)]),
    cwd: quietly(() => process.cwd()),
    exe: process.execPath,
    // A rank may run on another host than its launcher.
    host: names && quietly(() => os().hostname()),
  });
  const worker = clusterWorker();
  if (worker !== undefined) record({ e: 'self', name: `worker ${worker}`, role: 'worker', method: 'cluster' });
  if (!names) return;
  const [rank, localRank, worldSize] = names.map(numberFrom);
  record({ e: 'self', rank, localRank, worldSize });
}

import { os } from './builtins';
import { ownGroup, parentOf } from './identity';
import { brief, record } from './journal';
import { quietly } from './quietly';
import { system } from './system';
import type { Mark } from './taken';

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

/** So many ancestors are asked for their environments. */
const maxAncestors = 16;

/**
 * The numbering that holds for this process. Of several launchers, one within the other, it is the nearest one's: the first
 * numbering that an ancestor does not have alike. Where no environment can be read, the order in which launchers usually
 * start each other decides.
 */
function numbering(): (typeof numberings)[number] | undefined {
  const given = numberings.filter(([rank]) => numberFrom(rank) !== undefined);
  if (given.length < 2) return given[0];
  const nearest = quietly(() => {
    for (let pid = process.ppid, count = 0; count < maxAncestors; count++) {
      const outer = new Map(system.readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
      const found = given.find((names) => names.some((name) => outer.get(name) !== process.env[name]));
      if (found) return found;
      pid = parentOf(pid);
    }
    return undefined;
  });
  return nearest ?? given[0];
}

/** The number of this worker of `cluster`; Node has removed the variable from process.env by now. */
function clusterWorker(): string | undefined {
  if (typeof process.send !== 'function') return undefined;
  const environment = quietly(() => system.readFileSync('/proc/self/environ', 'utf8'));
  return environment?.split('\0').find((pair) => pair.startsWith('NODE_UNIQUE_ID='))?.slice('NODE_UNIQUE_ID='.length);
}

/** Records that this process is up, and what its environment says about its place in the run. */
export function introduceProcess({ ancestor }: Mark): void {
  const names = numbering();
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

import { formatSeconds, plural } from '../../../core/describe';
import type { Progress, WorkerProgress } from '../../../workload/protocol';
import type { Row } from '../../tree/rows';

type Cluster = NonNullable<Progress['cluster']>;
type ClusterMember = Cluster[number];

type MemberRow = Extract<Row, { kind: 'member' }>;

/** The rows of processes, however deep; what is below one that `isEnd` names is passed over with it. */
function* memberRows(rows: readonly Row[], isEnd: (row: MemberRow) => boolean = () => false): Generator<MemberRow> {
  for (const row of rows) {
    if (row.kind === 'member' && isEnd(row)) continue;
    if (row.kind === 'member') yield row;
    yield* memberRows(row.children, isEnd);
  }
}

function runningRows(run: string, { address }: ClusterMember, workers: readonly WorkerProgress[], now: number): Row[] {
  return workers.flatMap(({ row, place }): Row[] => (row && place === address
    ? [{ kind: 'place', what: 'row', key: `${run}/${address}/row ${row.index}`, run, children: [], label: `row ${row.index}`, description: `for ${formatSeconds(Math.max(0, now - row.since) / 1000)}` }] : []));
}

/** A worker of a cluster that the run has started is a process of it, with all that can be done to one. */
function workerRow(run: string, worker: ClusterMember, processes: ReadonlyMap<string, MemberRow>, running: Row[]): Row {
  const label = worker.name.includes('://') ? worker.name : `worker ${worker.name}`;
  const process = processes.get(`${worker.pid}.${worker.start ?? ''}`);
  if (process) return { ...process, label, children: [...running, ...process.children.filter(({ kind }) => kind !== 'helpers')] };
  return { kind: 'place', what: 'worker', key: `${run}/${worker.address}`, run, children: running, label, description: `${worker.pid} · ${worker.address}` };
}

/** The workers of a cluster by their hosts, with the rows that they run now. */
export function clusterRows(run: string, { cluster = [], workers }: Pick<Progress, 'cluster' | 'workers'>, rows: readonly Row[], now: number): Row[] {
  const processes = new Map([...memberRows(rows)].map((row) => [row.member.id, row]));
  const hosts = [...new Set(cluster.map(({ host }) => host))].sort();
  return hosts.map((host): Row => {
    const here = cluster.filter((worker) => worker.host === host).sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
    return {
      kind: 'place', what: 'host', key: `${run}/host ${host}`, run, label: host, description: plural(here.length, 'worker'),
      children: here.map((worker) => workerRow(run, worker, processes, runningRows(run, worker, workers, now))),
    };
  });
}

/** What is left of processes once the workers of the cluster are shown elsewhere, one below the other. */
export function besidesCluster(rows: readonly Row[], { cluster = [] }: Pick<Progress, 'cluster'>): Row[] {
  const workers = new Set(cluster.map(({ pid, start }) => `${pid}.${start ?? ''}`));
  return [...memberRows(rows, ({ member }) => workers.has(member.id))].map((row) => ({ ...row, children: [] }));
}

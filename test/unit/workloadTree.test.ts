import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Row } from '../../src/views/tree/rows';
import { besidesCluster, clusterRows } from '../../src/views/workload/run/clusterRows';
import type { Progress } from '../../src/workload/protocol';

const processRow = (id: string, label: string, children: Row[] = []): Row => ({ kind: 'member', key: `r/${id}`, run: 'r', member: { id }, children, label, description: id } as unknown as Row);
const texts = (rows: readonly Row[], indent = ''): string[] => rows.flatMap((row) => [`${indent}${row.kind} ${row.label}: ${row.description}`, ...texts(row.children, `${indent}  `)]);

test('the workers of a cluster stand below their hosts, as processes where they are the run\'s, each with the row that it runs', () => {
  const progress: Pick<Progress, 'cluster' | 'workers'> = {
    cluster: [
      { pid: 30, start: '3', host: 'b', name: 'tcp://b:1', address: 'tcp://b:1' }, { pid: 20, start: '2', host: 'a', name: '10', address: 'tcp://a:2' }, { pid: 10, start: '1', host: 'a', name: '9', address: 'tcp://a:1' },
    ],
    workers: [
      { number: 1, pid: 5, state: 'busy', row: { index: 7, text: '7', since: 1_000 }, place: 'tcp://b:1', done: 0, restarts: 0 },
      { number: 2, pid: 5, state: 'busy', row: { index: 8, text: '8', since: 2_000 }, place: 'tcp://a:1', done: 0, restarts: 0 },
      { number: 3, pid: 5, state: 'busy', row: { index: 9, text: '9', since: 2_000 }, done: 0, restarts: 0 },
    ],
  };
  const head = processRow('4.4', 'head', [processRow('10.1', 'Dask Worker', [processRow('11.1', 'child')]), processRow('6.6', 'helper')]);
  assert.deepEqual(texts(clusterRows('r', progress, [head], 3_500)), [
    'place a: 2 workers',
    '  member worker 9: 10.1', '    place row 8: for 1.5 s', '    member child: 11.1',
    '  place worker 10: 20 · tcp://a:2',
    'place b: 1 worker',
    '  place tcp://b:1: 30 · tcp://b:1', '    place row 7: for 2.5 s',
  ]);
  assert.deepEqual(texts(besidesCluster([head], progress)), ['member head: 4.4', 'member helper: 6.6'], 'what the workers have started stands with them');
});

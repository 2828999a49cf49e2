import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Ground } from '../process/mapping';
import { nodes } from './observed';

let ground: Ground;
beforeEach(() => (ground = new Ground()));
afterEach(() => ground.close());

for (const { path, version, major } of nodes) {
  describe(`Node ${version}: workloads`, () => {
    test('of TypeScript run where Node leaves the types out, and are refused with the way out where it does not', async () => {
      ground.write({ 'work.mts': 'interface Row {\n  a: number;\n}\nexport function f({ a }: Row): number {\n  if (a === 2) throw new RangeError("two");\n  return a * 2;\n}\n' });
      const { status, results, err } = await ground.map('--node', 'work.mts:f', '--rows', '[{"a": 1}, {"a": 2}]', '--interpreter', path);
      if (major < 22) {
        assert.equal(status, 102);
        assert.match(err, /work\.mts is TypeScript, which Node \S+ does not run\. Name a Node from 22\.18 on/);
      } else {
        assert.equal(status, 1, err);
        assert.deepEqual(results.sort((a, b) => a.index - b.index).map(({ value, error }) => value ?? [error?.message, error?.line]), [2, ['two', 5]]);
      }
    });
  });
}

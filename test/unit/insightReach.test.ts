import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { WakeGraph } from '../../src/core/insight/reach';

interface System {
  nodes: number;
  edges: [waker: number, woken: number][];
  seeds: number[];
}

/** Few nodes, so that they meet; edges of every kind, loops and doubles among them. */
const system: fc.Arbitrary<System> = fc.integer({ min: 1, max: 9 }).chain((nodes) => {
  const node = fc.nat(nodes - 1);
  return fc.record({ nodes: fc.constant(nodes), edges: fc.array(fc.tuple(node, node), { maxLength: 20 }), seeds: fc.array(node, { maxLength: 3 }) });
});

const name = (node: number): string => `n${node}`;

function solve({ nodes, edges, seeds }: System) {
  const graph = new WakeGraph();
  for (let node = 0; node < nodes; node++) graph.add(name(node));
  for (const [waker, woken] of edges) graph.wakes(name(waker), name(woken));
  for (const seed of seeds) graph.seed(name(seed));
  return graph.solve();
}

const allOf = ({ nodes }: System): string[] => Array.from({ length: nodes }, (_, node) => name(node));
const stuckIn = (one: System): string[] => allOf(one).filter((node) => !solve(one).isAlive(node));

/** What a node's fate depends on: all who could wake it, directly or not. */
function dependencies({ edges }: System, node: number): Set<number> {
  const found = new Set([node]);
  for (let size = 0; size < found.size;) {
    size = found.size;
    for (const [waker, woken] of edges) if (found.has(woken)) found.add(waker);
  }
  return found;
}

test('alive is who a seed reaches, and nobody else', () => {
  fc.assert(fc.property(system, (one) => {
    const fate = solve(one);
    for (let node = 0; node < one.nodes; node++) assert.equal(fate.isAlive(name(node)), one.seeds.some((seed) => dependencies(one, node).has(seed)), name(node));
  }));
});

test('one more who could wake somebody never makes anybody stuck, nor one who was', () => {
  fc.assert(fc.property(system, fc.nat(), fc.nat(), (one, a, b) => {
    const before = stuckIn(one);
    const more = stuckIn({ ...one, edges: [...one.edges, [a % one.nodes, b % one.nodes]] });
    const seeded = stuckIn({ ...one, seeds: [...one.seeds, a % one.nodes] });
    for (const after of [more, seeded]) assert.deepEqual(after.filter((node) => !before.includes(node)), []);
  }));
});

test('whoever is taken away un-proves only what depended on it', () => {
  fc.assert(fc.property(system, fc.nat(), (one, which) => {
    const gone = which % one.nodes;
    const before = stuckIn(one);
    const without = { ...one, edges: one.edges.filter(([waker, woken]) => waker !== gone && woken !== gone), seeds: one.seeds.filter((seed) => seed !== gone) };
    const after = stuckIn(without);
    for (let node = 0; node < one.nodes; node++) {
      if (before.includes(name(node)) && !dependencies(one, node).has(gone)) assert.ok(after.includes(name(node)), name(node));
    }
  }));
});

test('every stuck node waits for one of the causes, and a cause for nobody else', () => {
  fc.assert(fc.property(system, (one) => {
    const fate = solve(one);
    const causes = fate.causes();
    const stuck = stuckIn(one);
    assert.equal(new Set(causes.flat()).size, causes.flat().length, 'no node belongs to two causes');
    for (const cause of causes) for (const node of cause) for (const waker of fate.wakersOf(node)) assert.ok(cause.includes(waker), `${waker} wakes ${node}`);
    const explained = new Set(causes.flatMap((cause) => [...fate.victimsOf(cause)]));
    assert.deepEqual([...explained].sort(), stuck.sort());
  }));
});

test('a long chain is no harder than a short one', () => {
  const graph = new WakeGraph();
  for (let node = 0; node < 50_000; node++) graph.wakes(name(node), name(node + 1));
  const fate = graph.solve();
  assert.deepEqual(fate.causes(), [['n0']]);
  assert.equal(fate.victimsOf(['n0']).size, 50_001);
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Member } from '../../src/core/members';
import type { Report } from '../../src/core/report';
import { matches, mismatches, type Expectation } from './report';

const member = (id: string, name: string, more: Partial<Member> = {}): Partial<Member> => ({ id, pid: parseInt(id, 10), name, parent: null, role: 'child', ...more });

const report = (...members: Partial<Member>[]): Report => ({ members }) as Report;

const family = report(
  member('1.1', 'MainProcess', { role: 'root' }),
  member('2.1', 'worker', { parent: '1.1', exit: { code: 0, signal: null, source: 'parent' } }),
  member('3.1', 'worker', { parent: '1.1', exit: { code: 3, signal: null, source: 'parent' } }),
  member('4.1', 'resource tracker', { parent: '1.1', role: 'helper' }),
);

const root = { name: 'MainProcess', parent: null };
const expecting = (members: Expectation['members'], others: Expectation['others'] = 'helpers'): string[] => mismatches(family, { members, others });

describe('a report against its expectation', () => {
  it('fits when every member is described, parents by name', () => {
    assert.deepEqual(expecting([root, { name: 'worker', parent: 'MainProcess', count: 2 }]), []);
  });

  it('finds the assignment when a general description could take the member of a special one', () => {
    assert.deepEqual(expecting([root, { name: 'worker' }, { name: 'worker', exit: { code: 0 } }]), []);
  });

  it('names a missing member and what is different in the nearest one', () => {
    const [first = ''] = expecting([root, { name: 'worker', exit: { code: 0 } }, { name: 'worker', exit: { code: 4 } }]);
    assert.match(first, /missing: .*"code":4/);
    assert.match(first, /exit: expected \{"code":4\}, got \{"code":3/);
  });

  it('names members that nobody expects', () => {
    assert.match(expecting([root, { name: 'worker' }])[0] ?? '', /not expected: worker/);
    assert.match(expecting([root, { name: 'worker', count: 2 }], 'none')[0] ?? '', /not expected: resource tracker/);
    assert.deepEqual(expecting([root], 'any'), []);
  });

  it('counts', () => {
    assert.equal(expecting([root, { name: 'worker', count: 3 }]).length, 1);
    assert.deepEqual(expecting([root, { name: 'worker', count: [1, 4] }]), []);
  });
});

describe('a value against what is expected', () => {
  it('compares patterns, alternatives and parts', () => {
    assert.ok(matches('python3.11 -c', '/^python3[.\\d]* -c$/'));
    assert.ok(!matches(null, '/null/'));
    assert.ok(matches('kernel', ['self', 'kernel']));
    assert.ok(!matches('parent', ['self', 'kernel']));
    assert.ok(matches(['a', 'b'], ['b']));
    assert.ok(!matches([], ['outside']));
    assert.ok(matches({ code: 1, signal: null }, { code: 1 }));
    assert.ok(!matches(null, { code: 1 }));
    assert.ok(!matches(undefined, null));
  });
});

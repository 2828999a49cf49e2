import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Drawn } from '../../src/views/tree/drawn';
import { Elements, type Element } from '../../src/views/tree/elements';
import { Redraws, type Timers } from '../../src/views/tree/redraws';
import type { Row } from '../../src/views/tree/rows';

/** A row that shows a text and has others below it. */
const row = (key: string, description = '', children: Row[] = []): Row => ({ kind: 'notice', key, run: 'r', label: key, description, children });

/** A clock that stands still until it is told to go on. */
class FakeTimers implements Timers {
  #now = 0;
  #last = 0;
  readonly #timers = new Map<number, { at: number; callback: () => void }>();

  now(): number {
    return this.#now;
  }

  set(callback: () => void, ms: number): number {
    this.#timers.set(++this.#last, { at: this.#now + ms, callback });
    return this.#last;
  }

  clear(timer: unknown): void {
    this.#timers.delete(timer as number);
  }

  /** Lets time pass, in ms; what is due happens in its order. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].sort(([a, { at: first }], [b, { at: second }]) => first - second || a - b);
      if (!next || next[1].at > end) break;
      this.#timers.delete(next[0]);
      this.#now = Math.max(this.#now, next[1].at);
      next[1].callback();
    }
    this.#now = end;
  }
}

/**
 * An editor that treats the events of a tree as VS Code does: a debounce of 200 ms with a leading edge, then one refresh after
 * the other, each of which takes `slow` ms to be drawn.
 */
class Editor {
  readonly shown = new Map<string, { text: string; at: number }>();
  refreshes = 0;
  slow = 10;
  /** what it is told is lost */
  deaf = false;
  #timer: unknown;
  #calls = 0;
  #waiting: (Element | undefined)[] = [];
  #queue: (Element | undefined)[][] = [];
  #isBusy = false;

  constructor(private readonly timers: Timers, private readonly tree: { item(element: Element): string; children(element?: Element): readonly Element[] }) {}

  fire(elements: readonly Element[] | undefined): void {
    this.#calls++;
    this.#waiting.push(...(elements ?? [undefined]));
    if (this.#timer === undefined) this.#serve();
    else this.timers.clear(this.#timer);
    this.#timer = this.timers.set(() => {
      this.#timer = undefined;
      if (this.#calls > 1) this.#serve();
      this.#calls = 0;
    }, 200);
  }

  #serve(): void {
    if (!this.deaf) this.#queue.push(this.#waiting);
    this.#waiting = [];
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.timers.set(() => this.#next(), 0);
  }

  #next(): void {
    const elements = this.#queue.shift();
    this.#isBusy = elements !== undefined;
    if (!elements) return;
    this.refreshes++;
    if (elements.includes(undefined)) this.open();
    else for (const element of elements) if (element) this.#fetch(element);
    this.timers.set(() => this.#next(), this.slow);
  }

  /** Asks for everything, as when the view is shown first. */
  open(): void {
    this.shown.clear();
    for (const element of this.tree.children()) this.#fetch(element);
  }

  #fetch(element: Element): void {
    this.shown.set(element.key, { text: this.tree.item(element), at: this.timers.now() });
    for (const child of this.tree.children(element)) this.#fetch(child);
  }
}

/** The objects of the tree, joined as the view joins them, in an editor. */
function treeOf(rows: () => Row[]): { timers: FakeTimers; editor: Editor; redraws: Redraws; draws: () => number } {
  const timers = new FakeTimers();
  const elements = new Elements();
  const drawn = new Drawn((element) => element.row.description);
  let told: 'all' | ReadonlySet<Element> = 'all';
  let draws = 0;
  const redraws = new Redraws((lost) => {
    draws++;
    elements.merge(rows());
    const stale = lost ? 'all' : drawn.stale(elements.roots);
    told = stale === 'all' ? stale : new Set(stale);
    if (stale === 'all' || stale.length) editor.fire(stale === 'all' ? undefined : stale);
    return stale === 'all' ? 1 + drawn.count(elements.roots) : drawn.count(stale);
  }, timers);
  const editor = new Editor(timers, {
    item: (element) => {
      drawn.gaveItem(element);
      if (told !== 'all' && told.has(element)) redraws.begun();
      return element.row.description;
    },
    children: (element) => {
      if (!element) redraws.begun();
      const children = element ? element.children : elements.roots;
      drawn.gaveChildren(element, children);
      return children;
    },
  });
  elements.merge(rows());
  editor.open();
  return { timers, editor, redraws, draws: () => draws };
}

/** The oldest number that the editor has shown in the time that passes; a row's number is the time at which it was true. */
function oldest({ timers, editor, redraws }: ReturnType<typeof treeOf>, { changeEvery, ms, keys }: { changeEvery: number; ms: number; keys: string[] }): number {
  let age = 0;
  for (let passed = 0; passed < ms; passed += changeEvery) {
    redraws.request();
    timers.pass(changeEvery);
    for (const key of keys) age = Math.max(age, timers.now() - Number(editor.shown.get(key)?.text ?? -Infinity));
  }
  return age;
}

/** A program whose root and header tell the time, with so many children that do so once a second. */
const clockRows = (now: () => number, children: number): Row[] => {
  const time = String(Math.floor(now() / 100) * 100);
  const second = String(Math.floor(now() / 1000) * 1000);
  return [row('header', time, [row('root', time, Array.from({ length: children }, (_, index) => row(`child ${index}`, second)))])];
};

test('numbers of root and header follow, however fast changes come', () => {
  for (const changeEvery of [5, 25, 60, 150, 199, 200, 250, 700]) {
    let now = (): number => 0;
    const tree = treeOf(() => clockRows(now, 20));
    now = () => tree.timers.now();
    const age = oldest(tree, { changeEvery, ms: 20_000, keys: ['header', 'root'] });
    assert.ok(age <= 250 + 100 + changeEvery + 20, `${age} ms old with a change every ${changeEvery} ms`);
    assert.ok(tree.editor.refreshes <= 20_000 / 250 + 1, `${tree.editor.refreshes} refreshes`);
  }
});

test('an editor that takes long for each refresh is not told to do more than it can', () => {
  let now = (): number => 0;
  const tree = treeOf(() => clockRows(now, 20));
  now = () => tree.timers.now();
  tree.editor.slow = 600;
  assert.ok(oldest(tree, { changeEvery: 25, ms: 20_000, keys: ['header', 'root'] }) <= 2 * 600 + 250 + 100);
  const { refreshes } = tree.editor;
  tree.timers.pass(60_000);
  assert.ok(tree.editor.refreshes - refreshes <= 2, `${tree.editor.refreshes - refreshes} refreshes were waiting`);
});

test('in a big tree numbers are at most five seconds old, and it rests in between', () => {
  for (const children of [100, 500, 2_000, 5_000]) {
    let now = (): number => 0;
    const tree = treeOf(() => clockRows(now, children));
    now = () => tree.timers.now();
    const age = oldest(tree, { changeEvery: 100, ms: 20_000, keys: ['header', 'root', 'child 7'] });
    assert.ok(age <= 5_000, `${age} ms old with ${children} children`);
    assert.ok(children < 2_000 || tree.editor.refreshes <= 7, `${tree.editor.refreshes} refreshes of ${children}`);
  }
});

test('the last change is drawn when the editor has lost it, though nothing changes any more', () => {
  const state = { text: 'running' };
  const tree = treeOf(() => [row('header', 'run', [row('root', state.text)])]);
  tree.editor.deaf = true;
  state.text = 'exit 0';
  tree.redraws.request();
  tree.timers.pass(500);
  tree.editor.deaf = false;
  assert.equal(tree.editor.shown.get('root')?.text, 'running');
  tree.timers.pass(2_000);
  assert.equal(tree.editor.shown.get('root')?.text, 'exit 0');
});

test('where nothing has changed nothing is drawn, and where nobody asks nothing is compared', () => {
  const tree = treeOf(() => [row('header', 'run', [row('root')])]);
  for (let time = 0; time < 10; time++) {
    tree.redraws.request();
    tree.timers.pass(1_000);
  }
  assert.deepEqual([tree.editor.refreshes, tree.draws()], [0, 10]);
  tree.timers.pass(60_000);
  assert.equal(tree.draws(), 10);
});

test('a disposed tree is drawn no more', () => {
  const tree = treeOf(() => [row('header')]);
  tree.redraws.request();
  tree.redraws.dispose();
  tree.timers.pass(5_000);
  assert.equal(tree.draws(), 0);
});

/** What is out of date, as keys, after a change of rows. */
function staleAfter(before: Row[], after: Row[], unfolded: (key: string) => boolean = () => true): 'all' | string[] {
  const elements = new Elements();
  const drawn = new Drawn((element) => element.row.description);
  const give = (element: Element): void => {
    drawn.gaveItem(element);
    if (!unfolded(element.key)) return;
    drawn.gaveChildren(element, element.children);
    for (const child of element.children) give(child);
  };
  elements.merge(before);
  drawn.gaveChildren(undefined, elements.roots);
  for (const element of elements.roots) give(element);
  elements.merge(after);
  const stale = drawn.stale(elements.roots);
  return stale === 'all' ? stale : stale.map(({ key }) => key);
}

test('what is drawn anew is the least that shows the change', () => {
  const family = (root: string, children: Row[]): Row[] => [row('run', 'run', [row('root', root, children)])];
  const two = [row('a', '1'), row('b', '1')];
  assert.deepEqual(staleAfter(family('x', two), family('x', [row('a', '2'), row('b', '1')])), ['a'], 'a leaf alone');
  assert.deepEqual(staleAfter(family('x', two), family('y', [row('a', '2'), row('b', '1')])), ['root'], 'a parent with what is below it');
  assert.deepEqual(staleAfter(family('x', two), family('x', [...two, row('c')])), ['root'], 'a new child');
  assert.deepEqual(staleAfter(family('x', two), family('x', [row('b', '1'), row('a', '1')])), ['root'], 'another order');
  assert.deepEqual(staleAfter(family('x', two), [...family('x', two), row('run 2')]), 'all', 'a new run');
  assert.deepEqual(staleAfter(family('x', two), family('x', two)), []);
  const many = (text: string): Row[] => Array.from({ length: 50 }, (_, index) => row(`child ${index}`, text));
  assert.deepEqual(staleAfter(family('x', many('1')), family('x', many('2'))), ['root'], 'so many that their parent is cheaper');
  assert.deepEqual(staleAfter(family('x', two), family('x', [row('a', '2'), row('b', '1')]), (key) => key !== 'root'), [], 'what was never unfolded is not there');
});

test('elements stay the same objects while their keys do, wherever they move, and tell which have their first child', () => {
  const elements = new Elements();
  elements.merge([row('run', '', [row('a'), row('b')])]);
  const [run] = elements.roots;
  const [a, b] = run?.children ?? [];
  const grown = elements.merge([row('run', 'new', [row('a', 'x', [row('b', 'y')])])]);
  assert.deepEqual(grown, [a]);
  assert.equal(elements.roots[0], run);
  assert.equal(run?.row.description, 'new');
  assert.deepEqual([a?.children, b?.parent, b?.row.description, elements.size], [[b], a, 'y', 3]);
  elements.merge([row('run', '', [row('a')])]);
  elements.merge([row('run', '', [row('a'), row('b')])]);
  assert.notEqual(elements.roots[0]?.children[1], b, 'what was gone is another when it comes again');
});

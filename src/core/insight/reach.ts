/**
 * The engine: what is not reached can never go on.
 *
 * A node is alive when it is a seed, or when one of its wakers is alive. What the least fixpoint leaves out is stuck:
 * nobody is left who could wake it. Nodes are threads, and whatever stands between them: a process is alive when one of its
 * threads is, an end of a pipe when one of its holders is. So a thread that could only wake itself is stuck too.
 */
export class WakeGraph {
  readonly #index = new Map<string, number>();
  readonly #names: string[] = [];
  /** per node: those who could wake it */
  readonly #wakers: number[][] = [];
  readonly #seeds = new Set<number>();

  #node(name: string): number {
    let index = this.#index.get(name);
    if (index === undefined) {
      index = this.#names.length;
      this.#index.set(name, index);
      this.#names.push(name);
      this.#wakers.push([]);
    }
    return index;
  }

  /** Somebody outside, or time, wakes it: it is alive whatever the others do. */
  seed(name: string): void {
    this.#seeds.add(this.#node(name));
  }

  /** `waker` could wake `name`. */
  wakes(waker: string, name: string): void {
    const from = this.#node(waker);
    this.#wakers[this.#node(name)]?.push(from);
  }

  /** A node that perhaps nobody wakes. */
  add(name: string): void {
    this.#node(name);
  }

  /** The least fixpoint. */
  solve(): Aliveness {
    const wakes: number[][] = this.#names.map(() => []);
    this.#wakers.forEach((wakers, node) => wakers.forEach((waker) => wakes[waker]?.push(node)));
    const alive = new Set(this.#seeds);
    const left = [...this.#seeds];
    for (let node = left.pop(); node !== undefined; node = left.pop()) {
      for (const woken of wakes[node] ?? []) {
        if (alive.has(woken)) continue;
        alive.add(woken);
        left.push(woken);
      }
    }
    return new Aliveness(this.#names, this.#index, this.#wakers, alive);
  }
}

/** The solution of a {@link WakeGraph}. */
export class Aliveness {
  constructor(
    private readonly names: readonly string[],
    private readonly index: ReadonlyMap<string, number>,
    private readonly wakers: readonly (readonly number[])[],
    private readonly alive: ReadonlySet<number>,
  ) {}

  /** Whether a node goes on, or may yet be woken. A node that nobody named is alive: nothing is known against it. */
  isAlive(name: string): boolean {
    const node = this.index.get(name);
    return node === undefined || this.alive.has(node);
  }

  /** Those who could wake a node. */
  wakersOf(name: string): string[] {
    const node = this.index.get(name);
    return node === undefined ? [] : (this.wakers[node] ?? []).map((waker) => this.names[waker] ?? '');
  }

  /**
   * The causes: sets of stuck nodes that wait for nobody but each other (the bottom components of the graph of the stuck), each
   * with all who could wake one of its own. Every stuck node waits, directly or not, for one of them.
   */
  causes(): string[][] {
    const stuck = this.names.map((_, node) => node).filter((node) => !this.alive.has(node));
    const found = components(stuck, (node) => this.wakers[node] ?? []);
    const of = new Map<number, number>();
    found.forEach((component, number) => component.forEach((node) => of.set(node, number)));
    return found
      .filter((component, number) => component.every((node) => (this.wakers[node] ?? []).every((waker) => of.get(waker) === number)))
      .map((component) => component.map((node) => this.names[node] ?? ''));
  }

  /** The stuck nodes that wait, directly or not, for one of `cause`: the cause itself among them. */
  victimsOf(cause: readonly string[]): Set<string> {
    const wakes = new Map<number, number[]>();
    this.wakers.forEach((wakers, node) => {
      if (this.alive.has(node)) return;
      for (const waker of wakers) {
        const woken = wakes.get(waker);
        if (woken) woken.push(node);
        else wakes.set(waker, [node]);
      }
    });
    const found = new Set(cause.flatMap((name) => this.index.get(name) ?? []));
    const left = [...found];
    for (let node = left.pop(); node !== undefined; node = left.pop()) {
      for (const next of wakes.get(node) ?? []) {
        if (found.has(next)) continue;
        found.add(next);
        left.push(next);
      }
    }
    return new Set([...found].map((node) => this.names[node] ?? ''));
  }
}

/** Strongly connected components (Tarjan, without recursion: chains may be long). */
function components(nodes: readonly number[], next: (node: number) => readonly number[]): number[][] {
  const wanted = new Set(nodes);
  const order = new Map<number, number>();
  const low = new Map<number, number>();
  const onStack = new Set<number>();
  const stack: number[] = [];
  const found: number[][] = [];
  const enter = (node: number): { node: number; at: number } => {
    order.set(node, order.size);
    low.set(node, order.get(node) ?? 0);
    stack.push(node);
    onStack.add(node);
    return { node, at: 0 };
  };
  for (const start of nodes) {
    if (order.has(start)) continue;
    const path = [enter(start)];
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const { node } = top;
      const to = next(node)[top.at++];
      if (to !== undefined) {
        if (!wanted.has(to)) continue;
        if (!order.has(to)) path.push(enter(to));
        else if (onStack.has(to)) low.set(node, Math.min(low.get(node) ?? 0, order.get(to) ?? 0));
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent) low.set(parent.node, Math.min(low.get(parent.node) ?? 0, low.get(node) ?? 0));
      if (low.get(node) !== order.get(node)) continue;
      const component: number[] = [];
      for (let member = stack.pop(); member !== undefined; member = stack.pop()) {
        onStack.delete(member);
        component.push(member);
        if (member === node) break;
      }
      found.push(component);
    }
  }
  return found;
}

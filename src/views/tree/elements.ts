import type { Row } from './rows';

/** A row that VS Code holds on to. The object stays the same while its key does; what it shows changes. */
export interface Element {
  readonly key: string;
  row: Row;
  parent: Element | undefined;
  children: readonly Element[];
}

/** The elements of the tree, kept over the changes of its rows: what VS Code knows a row by is its object. */
export class Elements {
  #byKey = new Map<string, Element>();
  #roots: readonly Element[] = [];

  get roots(): readonly Element[] {
    return this.#roots;
  }

  /** How many there are, in all depths. */
  get size(): number {
    return this.#byKey.size;
  }

  /** Takes over new rows. Gives the elements that were leaves and have children now. */
  merge(rows: readonly Row[]): Element[] {
    const before = this.#byKey;
    const grown: Element[] = [];
    this.#byKey = new Map();
    this.#roots = this.#mergeLevel(rows, undefined, before, grown);
    return grown;
  }

  #mergeLevel(rows: readonly Row[], parent: Element | undefined, before: ReadonlyMap<string, Element>, grown: Element[]): Element[] {
    return rows.map((row) => {
      const known = before.get(row.key);
      const element = known ?? { key: row.key, row, parent, children: [] };
      if (known && known.children.length === 0 && row.children.length > 0) grown.push(known);
      element.row = row;
      element.parent = parent;
      this.#byKey.set(row.key, element);
      element.children = this.#mergeLevel(row.children, element, before, grown);
      return element;
    });
  }
}

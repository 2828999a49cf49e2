import type { Element } from './elements';

/** So many rows are drawn one by one; if more below one row are out of date, it is drawn with all that is below it. */
const rowsAtOnce = 40;

/**
 * What VS Code has been given of a tree, and so what it shows. This mirrors the cache in VS Code's `extHostTreeViews.ts`:
 * an item that is given anew has no children until they are asked for, and asking for the roots forgets everything.
 * Comparing it with what is to be shown finds every row that is out of date: there is no note of a change that could be lost.
 */
export class Drawn {
  readonly #items = new Map<Element, { look: string; children: readonly Element[] | undefined }>();
  #roots: readonly Element[] | undefined;

  /** `look` tells everything that a row shows. */
  constructor(private readonly look: (element: Element) => string) {}

  /** VS Code gets the item of an element. */
  gaveItem(element: Element): void {
    this.#forgetBelow(element);
    this.#items.set(element, { look: this.look(element), children: undefined });
  }

  /** VS Code gets the children of an element, or the roots. */
  gaveChildren(element: Element | undefined, children: readonly Element[]): void {
    const item = element && this.#items.get(element);
    if (element) this.#forgetBelow(element);
    else this.#items.clear();
    if (item) item.children = children;
    else if (!element) this.#roots = children;
  }

  #forgetBelow(element: Element): void {
    for (const child of this.#items.get(element)?.children ?? []) {
      this.#forgetBelow(child);
      this.#items.delete(child);
    }
  }

  /** What has to be drawn so that `roots` are shown as they are: `all`, or elements, each with what is below it. */
  stale(roots: readonly Element[]): 'all' | Element[] {
    // VS Code asks by itself for what it has never got.
    if (!this.#roots) return [];
    return isSameList(this.#roots, roots) ? roots.flatMap((element) => this.#staleIn(element)) : 'all';
  }

  #staleIn(element: Element): Element[] {
    const item = this.#items.get(element);
    // It is below a row that was never unfolded.
    if (!item) return [];
    if (item.look !== this.look(element) || (item.children && !isSameList(item.children, element.children))) return [element];
    const below = item.children?.flatMap((child) => this.#staleIn(child)) ?? [];
    return below.length > rowsAtOnce ? [element] : below;
  }

  /** How many rows VS Code fetches to draw elements: what is below a folded row is not fetched. */
  count(elements: readonly Element[]): number {
    return elements.reduce((sum, element) => {
      const item = this.#items.get(element);
      return sum + 1 + (item && !item.children ? 0 : this.count(element.children));
    }, 0);
  }
}

function isSameList(a: readonly Element[], b: readonly Element[]): boolean {
  return a.length === b.length && a.every((element, index) => element === b[index]);
}

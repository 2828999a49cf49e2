import type { Order, SortKey } from '../../../workload/file/rowOrder';
import type { TableRow } from '../results/tableProtocol';
import { el } from './dom';

/** Height of a row in px, as in the style. */
const rowHeight = 22;
/** Browsers cut elements off beyond some tens of millions of px: the bar of a longer table is a scale of it. */
const tallest = 8_000_000;
/** Rows that are asked for above and below what is in sight. */
const margin = 40;

const columns: { name: string; class: string; sort?: SortKey }[] = [
  { name: 'Row', class: 'number', sort: 'row' }, { name: 'Status', class: 'status' }, { name: 'Input', class: 'input' },
  { name: 'Result', class: 'result' }, { name: 'Time', class: 'time', sort: 'time' }, { name: 'Worker', class: 'worker' },
];

export interface GridEvents {
  want(from: number, count: number): void;
  order(by: SortKey): void;
  select(index: number): void;
  key(key: string, index: number): void;
}

/** Draws the rows in sight, however many there are. */
export class Grid {
  readonly element: HTMLElement;
  readonly #head = el('div', { role: 'row', class: 'row head', 'aria-rowindex': '1' });
  readonly #body = el('div', { class: 'body', role: 'rowgroup' });
  readonly #bar = el('div', { class: 'bar', 'aria-hidden': 'true', tabindex: '-1' });
  readonly #spacer = el('div');
  readonly #rows = new Map<number, TableRow>();
  #total = 0;
  #top = 0;
  #cursor = 0;
  #wanted = '';
  #stale = false;
  /** the cursor has moved to a row that was not here yet */
  #toSelect = false;

  constructor(private readonly events: GridEvents) {
    this.#bar.append(this.#spacer);
    this.element = el('div', { role: 'grid', class: 'grid', tabindex: '0', 'aria-label': 'Tasks', 'aria-colcount': String(columns.length) }, this.#head, this.#body, this.#bar);
    this.element.addEventListener('keydown', (event) => this.#key(event));
    this.#body.addEventListener('wheel', (event) => {
      event.preventDefault();
      this.#scrollTo(this.#top + (event.deltaMode === 1 ? event.deltaY : event.deltaY / rowHeight));
    }, { passive: false });
    this.#bar.addEventListener('scroll', () => {
      // What we have set ourselves comes back rounded.
      const top = this.#bar.scrollTop / this.#scale;
      if (Math.abs(top - this.#top) * this.#scale > 2) this.#show(top);
    });
    let before = 0;
    new ResizeObserver(() => {
      // The details of a row must not cover it.
      const wasInSight = this.#cursor >= this.#top && this.#cursor < this.#top + before;
      before = this.#visible;
      this.#scrollTo(wasInSight ? Math.max(this.#top, this.#cursor - before + 1) : this.#top);
    }).observe(this.#body);
  }

  get #visible(): number {
    return Math.max(1, Math.floor(this.#body.clientHeight / rowHeight));
  }

  /** px of the bar for one row */
  get #scale(): number {
    const scrollable = Math.max(1, this.#total - this.#visible);
    return Math.min(rowHeight, (tallest - this.#bar.clientHeight) / scrollable);
  }

  /** There are other rows, or they are in another order. */
  arranged(total: number, order: Order, isOther: boolean): void {
    if (isOther) {
      this.#rows.clear();
      this.#cursor = 0;
      this.#top = 0;
    }
    this.#total = total;
    this.#stale = true;
    this.#spacer.style.height = `${Math.ceil((total - this.#visible) * this.#scale + this.#bar.clientHeight)}px`;
    this.element.setAttribute('aria-rowcount', String(total + 1));
    this.#drawHead(order);
    this.#scrollTo(this.#top);
  }

  received(from: number, rows: readonly TableRow[]): void {
    if (this.#rows.size > 5_000) this.#rows.clear();
    for (const [i, row] of rows.entries()) this.#rows.set(from + i, row);
    this.#draw();
    if (this.#toSelect) this.#tellSelected();
  }

  #drawHead(order: Order): void {
    this.#head.replaceChildren(...columns.map(({ name, class: className, sort }) => {
      const sorted = sort === order.by;
      const cell = el('div', { role: 'columnheader', class: `cell ${className}`, ...(sort ? { 'aria-sort': sorted ? (order.descending ? 'descending' : 'ascending') : 'none' } : {}) });
      if (!sort) cell.append(name);
      else {
        const title = el('button', { type: 'button', title: `Sort by ${name}` }, `${name}${sorted ? (order.descending ? ' ↓' : ' ↑') : ''}`);
        title.addEventListener('click', () => this.events.order(sort));
        cell.append(title);
      }
      return cell;
    }));
  }

  #scrollTo(top: number): void {
    this.#show(top);
    this.#bar.scrollTop = this.#top * this.#scale;
  }

  #show(top: number): void {
    this.#top = Math.min(Math.max(0, top), Math.max(0, this.#total - this.#visible));
    this.#draw();
    this.#ask();
  }

  #ask(): void {
    const first = Math.floor(this.#top);
    const last = Math.min(this.#total, first + this.#visible + 1);
    let missing = this.#stale;
    for (let at = first; at < last && !missing; at++) missing = !this.#rows.has(at);
    const from = Math.max(0, first - margin);
    const wanted = `${from} ${last}`;
    if (!missing || last <= first || (!this.#stale && wanted === this.#wanted)) return;
    this.#wanted = wanted;
    this.#stale = false;
    this.events.want(from, Math.min(this.#total, last + margin) - from);
  }

  #draw(): void {
    const first = Math.floor(this.#top);
    const count = Math.min(this.#visible + 1, this.#total - first);
    const drawn = Array.from({ length: Math.max(0, count) }, (_, i) => this.#drawRow(first + i));
    this.#body.replaceChildren(...(this.#total ? drawn : [el('div', { class: 'empty' }, 'No such rows.')]));
    const active = this.#body.querySelector('.selected');
    if (active) this.element.setAttribute('aria-activedescendant', active.id);
    else this.element.removeAttribute('aria-activedescendant');
  }

  #drawRow(place: number): HTMLElement {
    const row = this.#rows.get(place);
    const selected = place === this.#cursor;
    const texts = row ? [String(row.index), row.status === 'again' ? 'tried again' : row.status, row.row, row.result, timeText(row.milliseconds), row.worker === null ? '' : `${row.worker}${(row.attempt ?? 1) > 1 ? ` (${row.attempt}.)` : ''}`] : ['…', '', '', '', '', ''];
    const element = el('div', { role: 'row', id: `row-${place}`, class: `row ${row?.status ?? ''} ${selected ? 'selected' : ''}`, 'aria-rowindex': String(place + 2), 'aria-selected': String(selected) },
      ...texts.map((text, i) => el('div', { role: 'gridcell', class: `cell ${columns[i]?.class ?? ''}`, title: text.length > 30 ? text : '' }, text)));
    element.addEventListener('click', () => this.#moveTo(place));
    element.addEventListener('dblclick', () => row && this.events.key('Enter', row.index));
    return element;
  }

  #moveTo(place: number): void {
    if (this.#total === 0) return;
    this.#cursor = Math.min(Math.max(0, place), this.#total - 1);
    const bottom = this.#top + this.#visible - 1;
    if (this.#cursor < this.#top) this.#scrollTo(this.#cursor);
    else if (this.#cursor > bottom) this.#scrollTo(this.#cursor - this.#visible + 1);
    else this.#draw();
    this.#tellSelected();
  }

  #tellSelected(): void {
    const row = this.#rows.get(this.#cursor);
    this.#toSelect = row === undefined;
    if (row) this.events.select(row.index);
  }

  #key(event: KeyboardEvent): void {
    if (event.target !== this.element || event.ctrlKey || event.metaKey || event.altKey) return;
    const moves: Record<string, number> = {
      ArrowDown: this.#cursor + 1, ArrowUp: this.#cursor - 1, PageDown: this.#cursor + this.#visible, PageUp: this.#cursor - this.#visible, Home: 0, End: this.#total - 1,
    };
    const move = moves[event.key];
    if (move !== undefined) this.#moveTo(move);
    else {
      const row = this.#rows.get(this.#cursor);
      if (!row || !['Enter', 'o', 'g', 'r', 'd'].includes(event.key)) return;
      this.events.key(event.key, row.index);
    }
    event.preventDefault();
  }
}

function timeText(milliseconds: number | null): string {
  if (milliseconds === null) return '';
  if (milliseconds < 1) return `${Math.round(milliseconds * 1000)} µs`;
  return milliseconds < 1000 ? `${milliseconds.toPrecision(3)} ms` : `${(milliseconds / 1000).toPrecision(3)} s`;
}

// The page of the results table.
import type { Order, SortKey } from '../../../workload/file/rowOrder';
import type { Act, TableDetail, TableHead, ToHost, ToPage } from '../results/tableProtocol';
import { button, el } from './dom';
import { Grid } from './grid';

declare function acquireVsCodeApi(): { postMessage(message: ToHost): void };

const host = acquireVsCodeApi();
const statuses: { value: Order['status']; text: string }[] = [
  { value: 'all', text: 'All rows' }, { value: 'failed', text: 'Failed' }, { value: 'done', text: 'Done' }, { value: 'waiting', text: 'Waiting' }, { value: 'again', text: 'Tried again' },
];
const keys: Record<string, Act> = { o: 'output', g: 'goTo', r: 'again', d: 'debug', Enter: 'goTo' };

/** as the person wants it, and as it is shown */
let order: Order = { by: 'row', descending: false, status: 'all' };
let shown = order;
let view = 0;
let isOther = true;
let selected: number | undefined;

const grid = new Grid({
  want: (from, count) => host.postMessage({ do: 'want', from, count }),
  order: (by: SortKey) => arrange({ ...order, by, descending: order.by === by && !order.descending }),
  select: (index) => {
    selected = index;
    host.postMessage({ do: 'select', index });
  },
  key: (key, index) => {
    const act = keys[key];
    if (act) host.postMessage({ do: 'act', act, index });
  },
});

function arrange(wanted: Order): void {
  order = wanted;
  isOther = wanted !== shown;
  host.postMessage({ do: 'order', order });
}

const state = el('strong', { class: 'state' });
const counts = el('span', { class: 'counts' });
const spoken = el('span', { class: 'spoken', role: 'status' });
const good = el('div', { class: 'good' });
const bad = el('div', { class: 'bad' });
const meter = el('div', { class: 'meter', role: 'progressbar', 'aria-label': 'Tasks that have ended', 'aria-valuemin': '0', 'aria-valuemax': '100' }, good, bad);
const filter = el('select', { 'aria-label': 'Filter by status' }, ...statuses.map(({ value, text }) => el('option', { value }, text)));
filter.addEventListener('change', () => arrange({ ...order, status: filter.value as Order['status'] }));
const sorting = el('span', { class: 'sorting', role: 'status' });
const buttons = el('div', { class: 'buttons' });
const summary = el('div', { class: 'summary' });
const detail = el('section', { class: 'detail', 'aria-label': 'The selected row' });
detail.hidden = true;

document.querySelector('#table')?.append(
  el('header', {}, el('div', { class: 'line' }, state, counts, spoken), meter, summary, el('div', { class: 'line' }, filter, sorting, buttons)),
  grid.element, detail,
);

const whole = (act: Extract<ToHost, { do: 'whole' }>['act']) => (): void => host.postMessage({ do: 'whole', act });

/** What is said aloud comes at leisure (ms): the numbers change several times a second. */
const sayEvery = 5_000;
let saying: number | undefined;

function say(): void {
  saying ??= window.setTimeout(() => {
    saying = undefined;
    spoken.textContent = `${state.textContent}, ${counts.textContent}`;
  }, sayEvery);
}

function drawHead(head: TableHead): void {
  state.textContent = `${head.name}: ${head.state}`;
  counts.textContent = head.counts;
  say();
  good.style.width = `${(head.share ?? 0) * 100}%`;
  bad.style.width = `${head.failedShare * 100}%`;
  if (head.share === null) meter.removeAttribute('aria-valuenow');
  else meter.setAttribute('aria-valuenow', String(Math.round((head.share + head.failedShare) * 100)));
  summary.replaceChildren(...head.summary.map((line) => el('div', {}, line)));
  const shown = [
    ...(head.live ? [head.paused ? button('Continue', 'Hand out tasks again', whole('resume')) : button('Pause', 'Hand out no further tasks', whole('pause')), button('Stop', 'Let running tasks end; once more ends them now', whole('stop'))]
      : head.state.startsWith('all done') || (head.share ?? 0) + head.failedShare >= 1 ? [] : [button('Resume', 'Go on with the rows that have no result', whole('goOn'))]),
    ...(head.failed ? [button('Retry Failed', 'Run again what has failed', whole('retryFailed'))] : []),
    button('Export…', 'Write the rows shown as csv or jsonl', whole('export')),
  ];
  const now = shown.map((one) => one.textContent).join();
  // A button that is being clicked must not be replaced.
  if (now !== [...buttons.children].map((one) => one.textContent).join()) buttons.replaceChildren(...shown);
}

/** Places in a traceback become links: Python's frames and Node's. */
function linked(text: string): (Node | string)[] {
  const parts: (Node | string)[] = [];
  let from = 0;
  for (const found of text.matchAll(/File "([^"\n]+)", line (\d+)|((?:\/|[A-Za-z]:\\)[^\s():]+):(\d+)(?::\d+)?/g)) {
    const file = found[1] ?? found[3] ?? '';
    const line = Number(found[2] ?? found[4]);
    parts.push(text.slice(from, found.index), button(found[0], `Open ${file}:${line}`, () => host.postMessage({ do: 'open', file, line }), 'link'));
    from = found.index + found[0].length;
  }
  return [...parts, text.slice(from)];
}

function drawDetail(of: TableDetail): void {
  const act = (name: Act) => (): void => host.postMessage({ do: 'act', act: name, index: of.index });
  const actions = [
    ...(of.error?.file ? [button('Go to Line', 'Open the line that failed (g)', act('goTo'))] : []),
    ...(of.hasOutput ? [button('Output', 'What the task printed (o)', act('output'))] : []),
    ...(of.status === 'failed' || of.status === 'done' ? [button('Run Again', 'Run this row once more (r)', act('again'))] : []),
    button('Debug', 'Call it with this row under the debugger (d)', act('debug')),
  ];
  const part = (name: string, ...content: (Node | string)[]): HTMLElement => el('div', { class: 'part' }, el('h2', {}, name), el('pre', {}, ...content));
  detail.hidden = false;
  detail.replaceChildren(
    el('div', { class: 'line' }, el('strong', {}, `Row ${of.index}: ${of.status}`), el('div', { class: 'buttons' }, ...actions)),
    ...(of.error ? [part(of.error.title, ...linked(of.error.traceback))] : []),
    ...(of.value === null ? [] : [part('Result', of.value)]),
    part('Input', of.row),
  );
}

window.addEventListener('message', ({ data }: MessageEvent<ToPage>) => {
  switch (data.do) {
    case 'head': return drawHead(data.head);
    case 'arranging':
      sorting.replaceChildren('sorting…', button('Cancel', 'Keep the order that is shown', () => arrange(shown)));
      grid.element.setAttribute('aria-busy', 'true');
      return;
    case 'arranged':
      sorting.replaceChildren();
      grid.element.removeAttribute('aria-busy');
      shown = order = data.order;
      view = data.view;
      filter.value = order.status;
      grid.arranged(data.total, order, isOther);
      isOther = false;
      if (selected !== undefined) host.postMessage({ do: 'select', index: selected });
      return;
    case 'rows':
      // Those that were asked for before the order changed come too late.
      if (data.view === view) grid.received(data.from, data.rows);
      return;
    case 'detail':
      if (selected === undefined || data.detail.index === selected) drawDetail(data.detail);
  }
});
host.postMessage({ do: 'ready' });
grid.element.focus();

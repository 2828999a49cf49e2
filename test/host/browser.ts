import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

import type { Page } from 'playwright-core';

/** One row of a tree view, as it is drawn. */
export interface RenderedRow {
  /** 1 for a root of the tree */
  level: number;
  label: string;
  description: string;
  /** what a screen reader says */
  aria: string;
  /** classes of the icon: `codicon-…` and the theme's colour live there */
  icon: string;
  /** the icon's computed colour, `rgb(…)` */
  color: string;
  /** null for a leaf */
  expanded: boolean | null;
  selected: boolean;
}

/** The pid of a process's row, which stands alone between dots; NaN where there is none. */
export const pidIn = ({ description }: RenderedRow): number => Number(/(?:^| · )(\d+)(?= · |$)/.exec(description)?.[1]);

/** True for the row of a process that lives. */
export const isLive = ({ icon }: RenderedRow): boolean => /codicon-circle-(filled|outline)\b/.test(icon);

/** One entry of the activity bar. */
export interface RenderedActivity {
  label: string;
  badge: string;
  active: boolean;
}

export interface ClickOptions {
  button?: 'left' | 'right';
  double?: boolean;
  /** keys held down while clicking */
  modifiers?: ('Alt' | 'Control' | 'ControlOrMeta' | 'Meta' | 'Shift')[];
}

/**
 * What a test may look at and do in the window, as a person would. Every act waits, for a bounded time,
 * until its object is there; every look tells what is drawn at this moment.
 */
export interface Browser {
  /** rows of the view with this name; only what is scrolled into sight is drawn */
  rows(view: string): Promise<RenderedRow[]>;
  activities(): Promise<RenderedActivity[]>;
  /** the texts of all elements that match a CSS selector (Playwright's engine) */
  texts(selector: string): Promise<string[]>;
  /** clicks the row whose label equals or starts with `label` */
  clickRow(view: string, label: string, options?: ClickOptions): Promise<void>;
  /** hovers a row and clicks its inline button with this tooltip */
  clickInline(view: string, label: string, action: string): Promise<void>;
  /** clicks the first visible element that matches a selector */
  click(selector: string, options?: ClickOptions): Promise<void>;
  /** hovers the first visible element that matches a selector */
  hover(selector: string): Promise<void>;
  /** presses keys in Playwright's notation: `Escape`, `Control+Shift+P` */
  press(keys: string): Promise<void>;
  type(text: string): Promise<void>;
  /** entries of the open context menu */
  menu(): Promise<string[]>;
  chooseMenu(entry: string): Promise<void>;
  /** chooses an entry of a row's context menu */
  clickMenu(view: string, label: string, entry: string): Promise<void>;
  /** visible entries of the open quick pick */
  picks(): Promise<string[]>;
  choosePick(entry: string): Promise<void>;
  /** opens a quick input by its keys (`F1`, `Control+p`), types into it, and chooses the entry that begins with the text */
  quickly(keys: string, text: string): Promise<void>;
  /** opens the list of notifications, because a window under test shows no toasts, and gives their texts */
  notifications(): Promise<string[]>;
  /** as `texts` and `click`, in the page of the webview that is in front */
  webviewTexts(selector: string): Promise<string[]>;
  webviewClick(selector: string): Promise<void>;
  /** computed styles of the first element that matches, in that page */
  webviewStyle(selector: string, properties: string[]): Promise<Record<string, string>>;
  /** chooses an option of a select in that page */
  webviewSelect(selector: string, value: string): Promise<void>;
  /** draws the window into a PNG file */
  screenshot(path: string): Promise<void>;
}

/** The names of the operations: nothing else can be asked for from outside. */
export const operations: readonly (keyof Browser)[] = ['rows', 'activities', 'texts', 'clickRow', 'clickInline', 'click', 'hover', 'press', 'type',
  'menu', 'chooseMenu', 'clickMenu', 'picks', 'choosePick', 'quickly', 'notifications', 'webviewTexts', 'webviewClick', 'webviewStyle', 'webviewSelect', 'screenshot'];

// Text, because these run in the page: a compiler's helpers are not there, and the page's types not here.
const readRows = `(panes, view) => panes
  .filter((pane) => pane.querySelector('.pane-header')?.getAttribute('aria-label')?.replace(/ Section$/, '') === view)
  .flatMap((pane) => [...pane.querySelectorAll('.monaco-list-row')])
  .sort((a, b) => Number(a.dataset.index) - Number(b.dataset.index))
  .map((row) => {
    const icon = row.querySelector('.custom-view-tree-node-item-icon') ?? row.querySelector('.codicon:not(.monaco-tl-twistie)');
    return {
      level: Number(row.getAttribute('aria-level')),
      label: row.querySelector('.label-name')?.textContent ?? '',
      description: row.querySelector('.label-description')?.textContent ?? '',
      aria: row.getAttribute('aria-label') ?? '',
      icon: icon?.className ?? '',
      color: icon ? getComputedStyle(icon, '::before').color : '',
      expanded: row.hasAttribute('aria-expanded') ? row.getAttribute('aria-expanded') === 'true' : null,
      selected: row.getAttribute('aria-selected') === 'true',
    };
  })`;

const readActivities = `(items) => items.map((item) => ({
  label: item.querySelector('.action-label')?.getAttribute('aria-label') ?? '',
  badge: item.querySelector('.badge-content')?.textContent ?? '',
  active: item.classList.contains('checked'),
}))`;

const readTexts = `(elements) => elements.map((element) => (element.textContent ?? '').replace(/\\u00a0/g, ' ').trim())`;

const readStyle = `(selector, properties) => {
  const style = getComputedStyle(document.querySelector(selector));
  return Object.fromEntries(properties.map((name) => [name, style.getPropertyValue(name)]));
}`;

const patience = { timeout: 15_000 };

/** Turns a CSS attribute or text operand into a quoted string. */
const quote = (text: string): string => JSON.stringify(text);

/** The operations on a page of the browser. */
export function pageBrowser(page: Page): Browser {
  const evaluateAll = <T>(selector: string, script: string, argument?: string): Promise<T> =>
    page.evaluate(`(${script})([...document.querySelectorAll(${quote(selector)})], ${argument === undefined ? 'undefined' : quote(argument)})`);
  const row = (view: string, label: string) => page
    .locator('.pane', { has: page.locator(`.pane-header[aria-label=${quote(`${view} Section`)}], .pane-header[aria-label=${quote(view)}]`) })
    .locator('.monaco-list-row').filter({ has: page.locator('.label-name', { hasText: startsWith(label) }) }).first();
  const menuItems = '.monaco-menu .action-item:not(.disabled) .action-label:not(.separator)';
  // The list of the last question stays in the page, hidden.
  const pickItems = '.quick-input-widget:not([style*="display: none"]) .quick-input-list-entry .label-name';
  // A webview's page is a frame in a frame: the outer one is VS Code's own.
  const webview = () => page.frameLocator('iframe.webview.ready').last().frameLocator('iframe#active-frame');
  const clicking = ({ button, double, modifiers }: ClickOptions = {}) =>
    ({ ...patience, ...(button && { button }), ...(modifiers && { modifiers }), ...(double && { clickCount: 2 }) });
  return {
    rows: (view) => evaluateAll('.pane', readRows, view),
    activities: () => evaluateAll('.part.activitybar .composite-bar .action-item', readActivities),
    texts: (selector) => page.locator(selector).allTextContents(),
    clickRow: async (view, label, options = {}) => {
      const selected = page.locator('.monaco-list-row[aria-selected="true"]').and(row(view, label));
      const effect = options.button === 'right' ? page.locator('.monaco-menu').first() : selected;
      // A row may be drawn anew between the press and the release of the button, and the click is lost: one clicks again.
      for (let tries = 0; tries < 5; tries++) {
        await row(view, label).locator('.label-name').first().click(clicking(options));
        if (await effect.waitFor({ state: 'visible', timeout: 1_500 }).then(() => true, () => false)) {
          // The extension hears of a selection a little after it is drawn.
          await page.waitForTimeout(100);
          return;
        }
        // Or the click has led to another view.
        if (!(await row(view, label).isVisible())) return;
      }
      throw new Error(`a click on the row ${label} of ${view} had no effect`);
    },
    clickInline: async (view, label, action) => {
      // A row that is drawn anew, or moves when one comes above it, is under the mouse no more, and its buttons go.
      for (let tries = 0; ; tries++) {
        try {
          await row(view, label).hover(patience);
          await row(view, label).locator(`.actions .action-label[aria-label^=${quote(action)}]`).first().click({ timeout: 1_500 });
          return;
        } catch (error) {
          if (tries === 10) throw error;
        }
      }
    },
    click: (selector, options) => page.locator(selector).filter({ visible: true }).first().click(clicking(options)),
    hover: (selector) => page.locator(selector).filter({ visible: true }).first().hover(patience),
    press: (keys) => page.keyboard.press(keys),
    type: (text) => page.keyboard.type(text),
    menu: () => evaluateAll(menuItems, readTexts),
    clickMenu: async (view, label, entry) => {
      // A menu goes when its row is drawn anew or something else takes the focus: one opens it again.
      for (let tries = 0; ; tries++) {
        try {
          await row(view, label).locator('.label-name').first().click({ ...patience, button: 'right' });
          // A menu does not listen to the mouse in its first 100 ms, lest the click that opened it should choose.
          await page.waitForTimeout(200);
          await page.locator(menuItems, { hasText: exactly(entry) }).first().click({ timeout: 1_500 });
          await page.locator('.monaco-menu').first().waitFor({ state: 'hidden', timeout: 1_500 });
          return;
        } catch (error) {
          if (tries === 8) throw error;
          await page.keyboard.press('Escape');
        }
      }
    },
    chooseMenu: async (entry) => {
      const menu = page.locator('.monaco-menu').first();
      // A menu does not listen to the mouse in its first 100 ms, lest the click that opened it should choose.
      for (let tries = 0; tries < 10; tries++) {
        await page.locator(menuItems, { hasText: exactly(entry) }).first().click(patience);
        if (await menu.waitFor({ state: 'hidden', timeout: 300 }).then(() => true, () => false)) return;
      }
      throw new Error(`the menu stayed open after a click on ${entry}`);
    },
    picks: () => evaluateAll(pickItems, readTexts),
    choosePick: (entry) => page.locator(pickItems, { hasText: startsWith(entry) }).first().click(patience),
    quickly: async (keys, text) => {
      // What is offered is settled when the input opens, maybe a moment too early: then it is opened again.
      for (let tries = 0; ; tries++) {
        try {
          await page.keyboard.press(keys);
          await page.waitForSelector('.quick-input-widget input:focus', { timeout: 5_000 });
          await page.keyboard.type(text);
          await page.locator(pickItems, { hasText: startsWith(text) }).first().click({ timeout: 5_000 });
          return;
        } catch (error) {
          if (tries === 5) throw error;
          await page.keyboard.press('Escape');
        }
      }
    },
    notifications: async () => {
      if (!await page.locator('.notifications-center.visible').isVisible()) await page.locator('#status\\.notifications').click(patience);
      return evaluateAll('.notifications-center.visible .notification-list-item-message', readTexts);
    },
    webviewTexts: (selector) => webview().locator(selector).allTextContents(),
    webviewClick: (selector) => webview().locator(selector).first().click(patience),
    webviewStyle: async (selector, properties) => {
      await webview().locator(selector).first().waitFor({ ...patience, state: 'attached' });
      const outer = await page.locator('iframe.webview.ready').last().elementHandle();
      const inner = await (await outer?.contentFrame())?.$('iframe#active-frame');
      const style = await (await inner?.contentFrame())?.evaluate<Record<string, string>>(`(${readStyle})(${quote(selector)}, ${JSON.stringify(properties)})`);
      if (!style) throw new Error('the page of the webview has gone');
      return style;
    },
    webviewSelect: async (selector, value) => void await webview().locator(selector).first().selectOption(value, patience),
    screenshot: async (path) => {
      mkdirSync(dirname(path), { recursive: true });
      await page.screenshot({ path, animations: 'disabled' });
    },
  };
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
const startsWith = (text: string): RegExp => new RegExp(`^\\s*${escape(text)}`);
const exactly = (text: string): RegExp => new RegExp(`^\\s*${escape(text)}\\s*$`);

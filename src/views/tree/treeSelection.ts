import * as vscode from 'vscode';
import type { Element } from './elements';

/** What VS Code passes to a command of the view: the row of the button or menu, and the selection if the row is part of it. */
export type Given = readonly [element?: Element | null, selected?: readonly (Element | null | undefined)[] | null];

/**
 * The rows that a command is meant for; `lost` when it came from a row and nobody knows from which. While VS Code fetches a row
 * anew it passes nothing for it, and the selection may be quite another: whoever kills must not guess.
 */
export function chosenRows(given: Given, selection: readonly Element[]): readonly Element[] | 'lost' {
  const [element, selected] = given;
  const rows = (selected ?? []).filter((one) => one !== null && one !== undefined);
  if (rows.length > 0) return rows;
  if (element) return [element];
  return given.length === 0 ? selection : 'lost';
}

/** The question when a row was lost under the mouse. */
export const whichWasMeant = (what: string): string => `The list was being redrawn as you clicked. Which ${what} did you mean?`;

/** Asks which are meant: any number, or the one whose row was lost under the mouse. */
export async function pickRows<T extends vscode.QuickPickItem>(items: readonly T[], lost: boolean): Promise<readonly T[]> {
  const matching = { matchOnDescription: true, matchOnDetail: true };
  if (!lost) return await vscode.window.showQuickPick(items, { ...matching, canPickMany: true, placeHolder: 'Processes' }) ?? [];
  const one = await vscode.window.showQuickPick(items, { ...matching, placeHolder: whichWasMeant('process') });
  return one ? [one] : [];
}

import { HumanError } from '../core/errors';

/**
 * Fills the placeholders of an argument list from a row: `{name}` a column, `{1}` an item of a list, `{}` the row itself,
 * `{#}` its number from 1. No shell is involved: each argument stays one argument. Other braces stay as they are.
 */
export function fillTemplate(template: readonly string[], row: unknown, index: number): string[] {
  return template.map((part) => part.replace(/(?<!\$)\{([A-Za-z_][\w.-]*|\d*|#)\}/g, (whole, name: string) => {
    if (name === '#') return String(index + 1);
    if (name === '') return plain(row);
    const value = /^\d+$/.test(name)
      ? (Array.isArray(row) ? (row as unknown[])[Number(name) - 1] : name === '1' && !isRecord(row) ? row : undefined)
      : isRecord(row) && Object.hasOwn(row, name) ? row[name] : undefined;
    if (value === undefined) throw new HumanError(`Row ${index} has nothing for ${whole}: ${described(row)}.`);
    return plain(value);
  }));
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
const described = (row: unknown): string => isRecord(row) ? `its columns are ${Object.keys(row).join(', ')}` : Array.isArray(row) ? `it is a list of ${row.length}` : `it is ${plain(row).slice(0, 60)}; write {} for it`;

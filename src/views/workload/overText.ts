import type { Over } from '../../workload/workload';

const files: Record<string, 'csv' | 'json' | 'jsonl' | 'lines'> = { csv: 'csv', tsv: 'csv', json: 'json', jsonl: 'jsonl', ndjson: 'jsonl', txt: 'lines' };

/**
 * What a person types as the rows of a workload: `100`, `0:100`, `0:100:5`, `[1, 2, 3]`, `rows.csv`, `data/*.png`.
 * Gives a text for them where it can't be understood.
 */
export function parseOver(text: string): Over | string {
  const given = text.trim();
  if (/^-?[\d.]+(:-?[\d.]+){0,2}$/.test(given)) {
    const numbers = given.split(':').map(Number);
    if (numbers.some((number) => !Number.isFinite(number))) return 'A range is START:STOP or START:STOP:STEP, as 0:1000.';
    return { range: numbers.length === 1 ? [0, numbers[0] ?? 0] : (numbers as [number, number] | [number, number, number]) };
  }
  if (given.startsWith('[')) {
    try {
      return { rows: JSON.parse(given) as unknown[] };
    } catch (error) {
      return `This is not a list as JSON: ${(error as Error).message}.`;
    }
  }
  if (/[*?{]/.test(given)) return { glob: given };
  const kind = files[/\.(\w+)$/.exec(given)?.[1]?.toLowerCase() ?? ''];
  if (kind === 'csv') return { csv: given };
  if (kind === 'json') return { json: given };
  if (kind === 'jsonl') return { jsonl: given };
  if (kind === 'lines') return { lines: given };
  return 'Give a range (0:1000), a list ([1, 2, 3]), a file (.csv, .tsv, .jsonl, .json, .txt) or a pattern of files (data/*.png).';
}

import { compact, type JsonText } from '../../../workload/file/jsonText';
import { rangeParts } from '../../../workload/file/range';

const files: Record<string, 'csv' | 'json' | 'jsonl' | 'lines'> = { csv: 'csv', tsv: 'csv', json: 'json', jsonl: 'jsonl', ndjson: 'jsonl', txt: 'lines' };

/**
 * What a person types as the rows of a workload: `100`, `0:100`, `0:100:5`, `[1, 2, 3]`, `rows.csv`, `data/*.png`.
 * Gives the JSON of what a workload file says for it, with every number as it was typed, or why it can't be understood.
 */
export function parseOver(text: string): { over: JsonText } | { wrong: string } {
  const given = text.trim();
  if (/^-?[\d.]+(:-?[\d.]+){0,2}$/.test(given)) {
    const parts = rangeParts(given);
    return parts ? { over: `{"range":[${parts.join(',')}]}` } : { wrong: 'A range is START:STOP or START:STOP:STEP, as 0:1000.' };
  }
  if (given.startsWith('[')) {
    try {
      JSON.parse(given);
      return { over: `{"rows":${compact(given)}}` };
    } catch (error) {
      return { wrong: `This is not a list as JSON: ${(error as Error).message}.` };
    }
  }
  const file = (name: string): { over: JsonText } => ({ over: JSON.stringify({ [name]: given }) });
  if (/[*?{]/.test(given)) return file('glob');
  const kind = files[/\.(\w+)$/.exec(given)?.[1]?.toLowerCase() ?? ''];
  if (kind) return file(kind);
  return { wrong: 'Give a range (0:1000), a list ([1, 2, 3]), a file (.csv, .tsv, .jsonl, .json, .txt) or a pattern of files (data/*.png).' };
}

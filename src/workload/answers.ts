import type { TaskError } from './protocol';

/** What a worker says of one task; see `src/probes/workers`. Times in µs since the worker was ready. */
export interface Answer {
  sequence: number;
  failed: boolean;
  start: number;
  duration: number;
  logEnd: number;
  /** JSON, or undefined */
  facts: string | undefined;
  /** JSON of the result, or of a {@link TaskError} */
  value: string;
}

/** Parses an answer line; undefined when it is none (what a killed worker left half written). */
export function parseAnswer(line: string): Answer | undefined {
  const numbers = [0, 0, 0, 0, 0];
  let from = 0;
  for (let i = 0; i < 5; i++) {
    const to = line.indexOf(' ', from);
    if (to <= from) return undefined;
    numbers[i] = +line.slice(from, to);
    from = to + 1;
  }
  const to = line.indexOf(' ', from);
  if (to === -1 || numbers.some((number) => !(number >= 0))) return undefined;
  const [sequence, status, start, duration, logEnd] = numbers as [number, number, number, number, number];
  const facts = to === from + 1 ? undefined : line.slice(from, to);
  return { sequence, failed: status !== 0, start, duration, logEnd, facts, value: line.slice(to + 1) };
}

/** The error that a failed answer carries. */
export function errorOf(answer: Answer): TaskError {
  try {
    return JSON.parse(answer.value) as TaskError;
  } catch {
    return { type: 'Error', message: answer.value };
  }
}

/** What a slot file holds: answers that were not sent, and the task that ran. */
export interface SlotContent {
  answers: string[];
  current: { sequence: number; start: number } | undefined;
}

export function parseSlot(text: string): SlotContent {
  const end = text.indexOf('\0');
  const lines = (end === -1 ? '' : text.slice(0, end)).split('\n').slice(0, -1);
  const mark = /^>(\d+) (\d+)$/.exec(lines.at(-1) ?? '');
  return {
    answers: lines.filter((line) => !line.startsWith('>')),
    current: mark ? { sequence: Number(mark[1]), start: Number(mark[2]) } : undefined,
  };
}

import type { TaskError, Answer, SlotContent, Mark } from '../task';


/** Parses an answer line; undefined when it is none. */
export function parseAnswer(line: string): Answer | undefined {
  const duration = line.indexOf(' ');
  const log = line.indexOf(' ', duration + 1);
  const facts = line.indexOf(' ', log + 1);
  const value = line.indexOf(' ', facts + 1);
  if (duration !== 1 || log < 3 || facts <= log + 1 || value <= facts + 1) return undefined;
  const status = line[0];
  const answer = {
    failed: status === '1', duration: +line.slice(duration + 1, log), logEnd: +line.slice(log + 1, facts),
    facts: value === facts + 2 ? undefined : line.slice(facts + 1, value), value: line.slice(value + 1),
  };
  return (status === '0' || status === '1') && answer.duration >= 0 && answer.logEnd >= 0 ? answer : undefined;
}

/** Parses the line of a mark; undefined when it is none. */
export function parseMark(line: string): Mark | undefined {
  const found = /^>(\d+) (\d+) (\d+)$/.exec(line);
  return found ? { sequence: Number(found[1]), start: Number(found[2]), left: Number(found[3]) } : undefined;
}

/** The error that a failed answer carries. */
export function errorOf(answer: Answer): TaskError {
  try {
    return JSON.parse(answer.value) as TaskError;
  } catch {
    return { type: 'Error', message: answer.value };
  }
}

export function parseSlot(text: string): SlotContent {
  const end = text.indexOf('\0');
  const lines = (end === -1 ? '' : text.slice(0, end)).split('\n').slice(0, -1);
  const mark = parseMark(lines[0] ?? '');
  if (!mark) return { lines: [], current: undefined };
  const answered = lines.length - 1;
  const start = lines.slice(1).reduce((at, line) => at + (parseAnswer(line)?.duration ?? 0), mark.start);
  return { lines, current: answered < mark.left ? { sequence: mark.sequence + answered, start } : undefined };
}

import { StringDecoder } from 'node:string_decoder';
import type { StreamName } from '../../observe/record/keptOutput';

/** Longest part of a line, in bytes, that waits for its end. */
const longest = 8_192;
/** ms that the beginning of a line waits for its end */
const patience = 1_000;

interface Line {
  decoder: StringDecoder;
  text: string;
  since: number;
}

/** Writes the output of several processes into one console: lines of one process stay whole, and those of children tell whose they are. */
export class ConsoleText {
  /** lines that have begun, by process and stream */
  readonly #lines = new Map<string, Line>();
  readonly #plain: Record<StreamName, StringDecoder> = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
  /** what the console ends with: nothing of a line, a part of one that has no name, or one of this process */
  #end: string | undefined;

  /** `show` appends to the console. `labelOf` tells what a process is called. */
  constructor(private readonly show: (stream: StreamName, text: string) => void, private readonly labelOf: (writer: string) => string) {}

  /** What a process has printed; undefined: the root, or somebody who is not known. */
  write(writer: string | undefined, stream: StreamName, bytes: Buffer, now: number): void {
    if (writer === undefined) this.#append(undefined, stream, this.#plain[stream].write(bytes));
    else this.#labelled(writer, stream, bytes, now);
  }

  #labelled(writer: string, stream: StreamName, bytes: Buffer, now: number): void {
    const key = `${writer} ${stream}`;
    const line = this.#lines.get(key) ?? { decoder: new StringDecoder('utf8'), text: '', since: now };
    this.#lines.set(key, line);
    const text = line.text + line.decoder.write(bytes);
    const end = text.lastIndexOf('\n') + 1;
    if (end > 0) this.#append(writer, stream, text.slice(0, end));
    if (end > 0 || line.text === '') line.since = now;
    line.text = text.slice(end);
    if (line.text.length > longest) this.#flush(key, line);
  }

  /** Whether the beginning of a line waits for its end. */
  get isWaiting(): boolean {
    return [...this.#lines.values()].some(({ text }) => text !== '');
  }

  /** Shows beginnings of lines that have waited long enough; `toEnd`: all of them. */
  settle(now: number, toEnd = false): void {
    for (const [key, line] of this.#lines) if (line.text !== '' && (toEnd || now - line.since >= patience)) this.#flush(key, line);
  }

  #flush(key: string, line: Line): void {
    const [writer = '', stream] = key.split(' ');
    this.#append(writer, stream === 'stderr' ? 'stderr' : 'stdout', line.text);
    line.text = '';
  }

  #append(writer: string | undefined, stream: StreamName, text: string): void {
    if (text === '') return;
    const goesOn = this.#end !== undefined && this.#end === `${writer} ${stream}`;
    const break_ = this.#end === undefined || goesOn || (writer === undefined && this.#end.startsWith('undefined ')) ? '' : '\n';
    const lines = text.split('\n');
    const isWhole = lines.at(-1) === '';
    if (isWhole) lines.pop();
    const label = writer === undefined ? '' : `${this.labelOf(writer)}: `;
    const shown = lines.map((line, at) => (at === 0 && goesOn ? line : label + line)).join('\n');
    this.#end = isWhole ? undefined : `${writer} ${stream}`;
    this.show(stream, `${break_}${shown}${isWhole ? '\n' : ''}`);
  }
}

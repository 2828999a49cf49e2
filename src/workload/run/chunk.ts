import type { JsonText } from '../file/jsonText';

/** The rows of a workload as JSON texts, in chunks: streamed, so that a file of any length takes no memory. */
export interface Rows {
  chunks: AsyncIterable<JsonText[]>;
  /** null while it can't be told */
  total: () => number | null;
}

/** Rows in a chunk, and characters: of long rows a chunk holds few. */
const [most, mostCharacters] = [4096, 1 << 20];

/** Gathers rows into chunks. */
export class Chunk {
  #rows: JsonText[] = [];
  #characters = 0;

  /** Adds a row; gives the chunk when it is full. */
  add(row: JsonText): JsonText[] | undefined {
    this.#rows.push(row);
    this.#characters += row.length;
    return this.#rows.length >= most || this.#characters >= mostCharacters ? this.take() : undefined;
  }

  /** What has come since the last full chunk. */
  take(): JsonText[] {
    const rows = this.#rows;
    [this.#rows, this.#characters] = [[], 0];
    return rows;
  }
}

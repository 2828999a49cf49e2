/** Messages of the Debug Adapter Protocol, as far as they are looked at here, and how they travel on a stream. */
export interface Message {
  seq: number;
  type: 'request' | 'response' | 'event';
  /** of a request and of its response */
  command?: string;
  arguments?: Record<string, unknown>;
  event?: string;
  body?: Record<string, unknown>;
  request_seq?: number;
  success?: boolean;
  message?: string;
}

/** A message as it is sent: with its length before it. */
export function encode(message: object): Buffer {
  const body = Buffer.from(JSON.stringify(message));
  return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`, 'latin1'), body]);
}

/** Cuts a stream of bytes into messages. */
export class Decoder {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Message[] {
    this.#rest = this.#rest.length ? Buffer.concat([this.#rest, chunk]) : chunk;
    const found: Message[] = [];
    for (;;) {
      const end = this.#rest.indexOf('\r\n\r\n');
      if (end < 0) return found;
      const length = Number(/content-length: *(\d+)/i.exec(this.#rest.toString('latin1', 0, end))?.[1] ?? Number.NaN);
      if (Number.isNaN(length)) throw new Error('a message of the debug adapter has no length');
      const body = end + 4;
      if (this.#rest.length < body + length) return found;
      found.push(JSON.parse(this.#rest.toString('utf8', body, body + length)) as Message);
      this.#rest = this.#rest.subarray(body + length);
    }
  }
}

import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { messageOf } from '../core/errors';
import type { Control, Reply } from './protocol';

/** sockaddr_un holds 104 bytes on macOS and 108 on Linux, with a zero at the end (unix(4), unix(7)). */
const longestAddress = 100;

function addressOf(run: string): string {
  const name = basename(run);
  if (process.platform === 'win32') return `\\\\.\\pipe\\procession-${name}`;
  const own = join(run, 'control.sock');
  if (Buffer.byteLength(own) <= longestAddress) return own;
  return join(tmpdir(), `procession-${process.getuid?.() ?? 0}-control`, `${name.slice(-20)}-${process.pid}`);
}

/** Reads lines of a socket; a line that is too long ends it. */
function onLines(socket: Socket, use: (line: string) => void): void {
  let rest = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > 1 << 20) socket.destroy();
    for (const line of lines) use(line);
  });
  socket.on('error', () => undefined);
}

/** Opens the control channel of a run. Resolves to its address, or null where the system refuses. */
export function serveControl(run: string, handle: (control: Control) => Reply): Promise<{ address: string | null; close: () => void }> {
  const address = addressOf(run);
  const server: Server = createServer((socket) => {
    onLines(socket, (line) => {
      let reply: Reply;
      try {
        reply = handle(JSON.parse(line) as Control);
      } catch (error) {
        reply = { ok: false, message: messageOf(error) };
      }
      socket.write(`${JSON.stringify(reply)}\n`);
    });
  });
  server.unref();
  const close = (): void => {
    server.close();
    if (process.platform !== 'win32') rmSync(address, { force: true });
  };
  return new Promise((resolve) => {
    server.on('error', () => resolve({ address: null, close: () => undefined }));
    if (process.platform !== 'win32') {
      mkdirSync(dirname(address), { recursive: true, mode: 0o700 });
      rmSync(address, { force: true });
    }
    server.listen(address, () => {
      if (process.platform !== 'win32') chmodSync(address, 0o600);
      resolve({ address, close });
    });
  });
}

/** Sends one word to a runner and waits for the answer. Rejects when nobody listens there. */
export function sendControl(address: string, control: Control): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const socket = connect(address, () => socket.write(`${JSON.stringify(control)}\n`));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the runner has gone')));
    onLines(socket, (line) => {
      resolve(JSON.parse(line) as Reply);
      socket.end();
    });
  });
}

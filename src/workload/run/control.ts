import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { messageOf } from '../../core/errors';
import { isSame, refOf } from '../../observe/system/identity';
import { ownFolder } from '../../observe/record/runDirectory';
import type { Control, Reply } from '../protocol';

/** sockaddr_un holds 104 bytes on macOS and 108 on Linux, with a zero at the end (unix(4), unix(7)). */
const longestAddress = 100;

/** In the run's own folder, or where that is too long, in one of the user's that holds the sockets of such runs. */
function addressOf(run: string): string {
  const name = basename(run);
  if (process.platform === 'win32') return `\\\\.\\pipe\\procession-${name}`;
  const own = join(run, 'control.sock');
  if (Buffer.byteLength(own) <= longestAddress) return own;
  const folder = join(ownFolder(tmpdir()), 'control');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  clear(folder);
  return join(folder, `${name.slice(-6)}-${refOf(process.pid)}`);
}

/** A pipe of Windows is no file. */
const remove = (address: string): void => void (process.platform !== 'win32' && rmSync(address, { force: true }));

/** Removes the sockets that killed runners have left. */
function clear(folder: string): void {
  for (const name of readdirSync(folder)) {
    const [, runner] = /-(\d+(?:\.\d+)?)$/.exec(name) ?? [];
    if (runner !== undefined && !isSame(runner)) remove(join(folder, name));
  }
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
  return new Promise<string>((resolve, reject) => {
    server.on('error', reject);
    const address = addressOf(run);
    if (Buffer.byteLength(address) > longestAddress) throw new Error('too long');
    remove(address);
    server.listen(address, () => resolve(address));
  }).then((address) => ({ address, close: () => void (server.close(), remove(address)) }), () => ({ address: null, close: () => undefined }));
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

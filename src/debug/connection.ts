import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { messageOf } from '../core/errors';
import { Decoder, encode, type Message } from './protocol';

/** A debug adapter that is spoken to. */
export interface Connection {
  send(message: object): void;
  close(): void;
}

export interface Listener {
  message(message: Message): void;
  /** The adapter is gone; called once. */
  closed(reason: string): void;
}

function relay(input: Readable, output: Writable, listener: Listener, end: () => void): Connection {
  const decoder = new Decoder();
  input.on('data', (chunk: Buffer) => {
    try {
      for (const message of decoder.push(chunk)) listener.message(message);
    } catch (error) {
      listener.closed(messageOf(error));
      end();
    }
  });
  // What can't be read or written any more is told by the end of the process or of the socket.
  for (const stream of [input, output]) stream.on('error', () => undefined);
  return { send: (message) => void output.write(encode(message)), close: end };
}

function once(listener: Listener): Listener {
  let told = false;
  return {
    message: (message) => listener.message(message),
    closed: (reason) => {
      if (told) return;
      told = true;
      listener.closed(reason);
    },
  };
}

/** Starts a debug adapter that speaks on stdin and stdout. It ends when its stdin does. */
export function startAdapter(argv: readonly string[], env: NodeJS.ProcessEnv, listener: Listener): Connection {
  const one = once(listener);
  const child = spawn(argv[0] ?? '', argv.slice(1), { env, stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-2_000);
  });
  child.on('error', (error) => one.closed(error.message));
  child.on('close', (code, signal) => one.closed(`${signal ? `killed by ${signal}` : `exit code ${code}`}${errors ? `: ${errors.trim().split('\n').at(-1) ?? ''}` : ''}`));
  return relay(child.stdout, child.stdin, one, () => {
    child.stdin.end();
    setTimeout(() => child.kill('SIGKILL'), 2_000).unref();
  });
}

/** Connects to a debug adapter that listens. */
export function connectAdapter(host: string, port: number, listener: Listener): Connection {
  const one = once(listener);
  const socket = connect({ host, port });
  socket.on('error', (error) => one.closed(error.message));
  socket.on('close', () => one.closed('the connection was closed'));
  return relay(socket, socket, one, () => socket.destroySoon());
}

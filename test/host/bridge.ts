import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { operations, type Browser } from './browser';

/** The variable that tells the tests inside the editor where their browser is. Unset: they have none. */
export const bridgeVariable = 'PROCESSION_TEST_BROWSER';

export interface Bridge {
  /** what the tests need to know, for `bridgeVariable` */
  address: string;
  close(): void;
}

interface Request {
  operation: keyof Browser;
  args: unknown[];
}

type Reply = { result: unknown } | { error: string };

/** Serves a browser to the tests inside the editor: a loopback address whose path is a secret. */
export async function serveBrowser(browser: () => Browser): Promise<Bridge> {
  const secret = `/${randomBytes(16).toString('hex')}`;
  const server = createServer((request, response) => {
    if (request.url !== secret || request.method !== 'POST') {
      response.writeHead(404).end();
      return;
    }
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => { body += chunk; });
    request.on('end', () => {
      void perform(browser, body).then((reply) => response.end(JSON.stringify(reply)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}${secret}`, close: () => { server.close(); server.closeAllConnections(); } };
}

async function perform(browser: () => Browser, body: string): Promise<Reply> {
  try {
    const { operation, args } = JSON.parse(body) as Request;
    if (!operations.includes(operation)) throw new Error(`unknown operation ${operation}`);
    const acts = browser() as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    return { result: await acts[operation]?.(...args) ?? null };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** The browser as seen from inside the editor: every call is a request to the runner. */
export function remoteBrowser(address: string): Browser {
  const ask = async (operation: keyof Browser, args: unknown[]): Promise<unknown> => {
    const response = await fetch(address, { method: 'POST', body: JSON.stringify({ operation, args } satisfies Request) });
    const reply = await response.json() as Reply;
    if ('error' in reply) throw new Error(`${operation}(${args.map((argument) => JSON.stringify(argument)).join(', ')}): ${reply.error}`);
    return reply.result;
  };
  return Object.fromEntries(operations.map((operation) => [operation, (...args: unknown[]) => ask(operation, args)])) as unknown as Browser;
}

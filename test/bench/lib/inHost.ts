/**
 * Runs in the extension host, beside the extension that is measured, and answers what the benchmark asks over loopback:
 * `/reset`, `/lag`, `/known`, `/activation`, `/done`. The address is written to the file that `addressVariable` names.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as vscode from 'vscode';
import type { ProcessionApi } from '../../../src/api';
import { addressVariable } from './address';

/** ms between the moments at which a call from VS Code or another extension might come. */
const moment = 5;

/** How late each of those moments was served, in ms: a block of 50 ms delays ten of them. */
class Lag {
  lags: number[] = [];
  #due = performance.now() + moment;

  constructor() {
    this.#tick();
  }

  #tick(): void {
    const now = performance.now();
    for (; this.#due <= now; this.#due += moment) this.lags.push(now - this.#due);
    setTimeout(() => this.#tick(), this.#due - now);
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** ms as VS Code itself took them: load the code, call activate, wait for its promise. From its page Startup Performance. */
async function activation(): Promise<{ load: number; call: number; finish: number } | undefined> {
  await vscode.commands.executeCommand('perfview.show');
  for (let tries = 0; tries < 50; tries++, await pause(200)) {
    const text = vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'perf')?.getText() ?? '';
    const row = text.split('\n').find((line) => /^\|?\s*procession\.procession\s*\|/.test(line));
    const [, load, call, finish] = (row ?? '').split('|').map((cell) => cell.trim()).filter((cell) => /^\d+$/.test(cell) || /procession\.procession/.test(cell)).map(Number);
    if (load !== undefined && call !== undefined && finish !== undefined) {
      await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
      return { load, call, finish };
    }
  }
  return undefined;
}

/** Serves until it is told that all is done. */
export async function run(): Promise<void> {
  const lag = new Lag();
  const extension = vscode.extensions.getExtension<ProcessionApi>('procession.procession');
  const began = performance.now();
  const api = await extension?.activate();
  const waited = performance.now() - began;
  const answers: Record<string, () => unknown> = {
    '/reset': () => { lag.lags = []; },
    '/lag': () => lag.lags,
    '/known': () => api?.getRuns().flatMap(({ members }) => members).length ?? 0,
    '/activation': async () => ({ waited, ...(await activation()) }),
    '/done': () => undefined,
  };
  await new Promise<void>((done) => {
    const server = createServer((request, response) => {
      void Promise.resolve(answers[request.url ?? '']?.()).then((answer) => {
        response.end(JSON.stringify(answer ?? null));
        if (request.url !== '/done') return;
        server.close();
        done();
      });
    });
    server.listen(0, '127.0.0.1', () => {
      const file = process.env[addressVariable] ?? '';
      writeFileSync(`${file}.new`, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      renameSync(`${file}.new`, file);
    });
  });
}

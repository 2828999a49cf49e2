// Serves a VS Code for the browser, with the extension, on the folder that is named: `node --import tsx test/host/serve.ts FOLDER`.
import { resolve } from 'node:path';

import { startServer } from './server';

async function main(): Promise<void> {
  const [folder = resolve(__dirname, '..', 'examples')] = process.argv.slice(2);
  const server = await startServer();
  console.log(`VS Code with Procession, for a browser on this machine (Ctrl+C ends it):\n\n  ${server.url({ folder: resolve(folder), extension: resolve(__dirname, '..', '..') })}\n`);
  await new Promise<void>((done) => {
    process.once('SIGINT', done);
    process.once('SIGTERM', done);
  });
  await server.stop();
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});

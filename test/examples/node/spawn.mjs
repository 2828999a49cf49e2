// spawn in an ECMAScript module: await the event instead of giving a callback.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

if (process.argv[2] === 'child') {
  process.exit(4);
} else {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), 'child']);
  console.log('child ended with', ...(await once(child, 'exit')));
}

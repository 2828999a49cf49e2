// A Node program that starts Python, which starts processes of its own: one tree.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const child = spawn('python3', [fileURLToPath(new URL('team.py', import.meta.url))], { stdio: ['ignore', 'inherit', 'inherit'] });
console.log('Python ended with', ...(await once(child, 'exit')));

// Two ways to end a child that takes too long: a timeout, and an AbortSignal that others can use as well.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const limited = spawn('sleep', ['60'], { timeout: 200, killSignal: 'SIGHUP' });
console.log('timeout:', ...(await once(limited, 'exit')));

const controller = new AbortController();
const aborted = spawn('sleep', ['60'], { signal: controller.signal });
aborted.on('error', (error) => console.log(error.name));
const ended = once(aborted, 'close').catch(() => once(aborted, 'close'));
controller.abort();
console.log('aborted:', ...(await ended));

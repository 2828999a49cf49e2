import process, { kill, exit } from 'node:process';
import { createRequire } from 'node:module';
console.log(process.eventNames(), Object.keys(process._events), createRequire(import.meta.url)('process') === process, kill === process.kill);
process.on('uncaughtException', (error) => { console.log(error.stack); exit(3); });
setTimeout(() => { throw new Error('late'); }, 1);

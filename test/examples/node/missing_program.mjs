// A program that is not there never becomes a process: the child object exists, has no pid and emits 'error'.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const child = spawn('no-such-program');
const [error] = await once(child, 'error');
console.log(error.code, error.path, child.pid);

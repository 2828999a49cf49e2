// A program that is not there: the child object exists, has no pid and emits 'error'. For a millisecond there is a forked
// process that fails to become it; now and then somebody who looks from outside sees that one.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const child = spawn('no-such-program');
const [error] = await once(child, 'error');
console.log(error.code, error.path, child.pid);

// execFile runs a program without a shell; promisified it rejects when the exit code is not 0.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const { stdout } = await run('echo', ['no shell, so $HOME stays as it is']);
console.log(stdout.trim());
try {
  await run('false');
} catch (error) {
  console.log('false exits with', error.code);
}

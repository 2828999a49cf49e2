/* spawn starts a program and tells with 'close' how it ended and that all its output has arrived. */
const { spawn } = require('node:child_process');

if (process.argv[2] === 'child') {
  console.log('hello from the child');
  process.exitCode = 3;
} else {
  const child = spawn(process.execPath, [__filename, 'child']);
  child.stdout.pipe(process.stdout);
  child.on('close', (code, signal) => console.log('child ended with', code, signal));
}

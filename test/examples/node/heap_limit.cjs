/* When the heap is full and can't grow, V8 aborts the process: SIGABRT, not an exception. */
const { spawn } = require('node:child_process');

if (process.argv[2] === 'child') {
  const kept = [];
  for (;;) kept.push(new Array(1000).fill('x'.repeat(8)));
} else {
  // What V8 prints holds pids and addresses.
  const child = spawn(process.execPath, ['--max-old-space-size=16', __filename, 'child'], { stdio: 'ignore' });
  child.on('exit', (code, signal) => console.log('ended with', code, signal));
}

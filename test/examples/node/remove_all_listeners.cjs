/* A parent that listens to nothing: the child is started and reaped all the same. */
const { spawn } = require('node:child_process');

if (process.argv[2] === 'child') {
  process.exit(9);
} else {
  const child = spawn(process.execPath, [__filename, 'child']);
  child.on('exit', () => console.log('never printed'));
  child.removeAllListeners();
  process.on('exit', () => console.log('the child has ended with', child.exitCode));
}

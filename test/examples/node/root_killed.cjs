/* SIGKILL gives a process no chance to tell its children, which live on. */
const { spawn } = require('node:child_process');

if (process.argv[2] === 'child') {
  setTimeout(() => process.exit(3), 800);
} else {
  const child = spawn(process.execPath, [__filename, 'child'], { stdio: 'ignore' });
  child.on('spawn', () => {
    console.log('the parent is killed now');
    process.kill(process.pid, 'SIGKILL');
  });
}

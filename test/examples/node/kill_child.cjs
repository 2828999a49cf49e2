/* child.kill sends a signal by the handle, process.kill by the number. SIGTERM is a wish that a handler may answer. */
const { fork, spawn } = require('node:child_process');

function byHandle() {
  const child = spawn('sleep', ['60']);
  child.on('exit', (code, signal) => { console.log('by handle:', code, signal); byNumber(); });
  child.kill();
}

function byNumber() {
  const child = spawn('sleep', ['60']);
  child.on('exit', (code, signal) => { console.log('by number:', code, signal); politely(); });
  process.kill(child.pid, 'SIGKILL');
}

function politely() {
  const child = fork(__filename, ['child']);
  child.on('message', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => console.log('with a handler:', code, signal));
}

if (process.argv[2] === 'child') {
  setTimeout(() => {}, 10_000);
  process.on('SIGTERM', () => process.exit(7));
  process.send('ready');
} else {
  byHandle();
}

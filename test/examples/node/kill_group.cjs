/* A negative number stands for a process group: all in it get the signal. `detached` makes a group of its own. */
const { spawn } = require('node:child_process');

const child = spawn('sh', ['-c', 'sleep 60 & sleep 61; true'], { detached: true });
child.on('exit', (code, signal) => console.log(code, signal));
setTimeout(() => process.kill(-child.pid, 'SIGTERM'), 500);

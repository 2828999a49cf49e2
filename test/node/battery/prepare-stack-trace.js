let calls = 0;
Error.prepareStackTrace = (error, sites) => { calls++; console.log('prepared', error.message); return `${error.name}@${sites.length}`; };
const { spawn, spawnSync } = require('child_process');
spawnSync('true');
const child = spawn('sleep', ['20']);
child.on('exit', () => { console.log(calls, Error.stackTraceLimit); setTimeout(() => { throw new Error('at last'); }, 1); });
child.kill();
process.kill(process.pid, 0);
process.on('exit', () => console.log('exit', calls));

const { Worker } = require('worker_threads');
const code = `const { spawn, execSync } = require('child_process');
console.log(execSync('echo sync', { encoding: 'utf8' }));
spawn('true').on('exit', (code) => { console.log(code, new Error('in the thread').stack); try { process.kill(99999999) } catch (error) { console.log(error.stack) } });`;
new Worker(code, { eval: true }).on('exit', (status) => console.log(status));

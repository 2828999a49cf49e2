const { Worker } = require('worker_threads');
process.on('exit', (code) => console.log('exit', code));
new Worker('function deep() { throw new TypeError("inside") } deep()', { eval: true });

const { Worker } = require('worker_threads');
const worker = new Worker('const all = []; for (;;) all.push(new Array(1e5).fill({}));', { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8 }, stderr: true });
worker.on('error', (error) => { worker.once('exit', () => console.log('added late')); console.log(error.code, worker.listenerCount('exit')); });
worker.on('exit', (code) => console.log(code));

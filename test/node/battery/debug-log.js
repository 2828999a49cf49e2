// env: NODE_DEBUG=worker,child_process,cluster,esm,timer,permission
const { Worker } = require('worker_threads');
require('child_process').spawn('sh', ['-c', 'exit 3'], { env: {} }).on('exit', () => new Worker('console.log(1)', { eval: true, env: {} }));

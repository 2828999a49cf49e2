const { Worker, isMainThread, threadId, workerData } = require('worker_threads');
const depth = isMainThread ? 0 : workerData;
process.on('worker', (worker) => console.log('worker event', depth, worker.threadId, process.listenerCount('worker')));
if (depth < 3) new Worker(__filename, { workerData: depth + 1, env: { DEPTH: String(depth) }, execArgv: [] }).on('exit', (code) => console.log('ended', depth, code));
console.log(depth, threadId, JSON.stringify(process.env.DEPTH), process.argv.length, process._preload_modules);
process.exitCode = depth;

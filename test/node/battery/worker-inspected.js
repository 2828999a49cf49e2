// Looks into threads, at their memory and load.
const { Worker } = require('worker_threads');
const { text } = require('stream/consumers');
const worker = new Worker('setInterval(() => {}, 1000)', { eval: true, env: {}, stdout: true, stderr: true, trackUnmanagedFds: true });
worker.once('online', async () => {
  const snapshot = JSON.parse(await text(await worker.getHeapSnapshot()));
  console.log(Object.keys(snapshot), Object.keys(worker.performance.eventLoopUtilization()), worker.resourceLimits);
  console.log(await worker.terminate(), worker.threadId, await text(worker.stdout), await text(worker.stderr));
});

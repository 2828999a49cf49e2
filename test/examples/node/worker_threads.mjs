// worker_threads: JavaScript in parallel inside one process. The thread has an exit code of its own.
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

if (isMainThread) {
  for (const [name, number] of [['small', 10], ['large', 20]]) {
    const worker = new Worker(new URL(import.meta.url), { name, workerData: number });
    const [[sum], [code]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
    console.log(name, sum, 'exit code', code);
  }
} else {
  let sum = 0;
  for (let i = 1; i <= workerData; i++) sum += i;
  parentPort.postMessage(sum);
  process.exitCode = workerData === 20 ? 3 : 0;
}

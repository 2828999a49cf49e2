// Worker threads wait for messages while their creator waits for a timer
// exit: 0

import { Worker } from 'node:worker_threads';
const code = 'require("node:worker_threads").parentPort.on("message", (m) => { if (m === "end") process.exit(0); })';
const workers = [1, 2].map(() => new Worker(code, { eval: true }));
await new Promise((done) => setTimeout(done, 6000));
for (const worker of workers) worker.postMessage('end');

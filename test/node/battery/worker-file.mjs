import { Worker, isMainThread, threadId, parentPort } from 'node:worker_threads';
if (isMainThread) new Worker(new URL(import.meta.url)).once('message', (text) => console.log(text));
else parentPort.postMessage(`${threadId} ${process.argv.length} ${process.eventNames().map(String)} ${process.listenerCount('exit')}`);

// One line worth stopping at, reached in a worker of the kind that is named.
const cluster = require('node:cluster');
const { Worker, isMainThread } = require('node:worker_threads');

function work(number) {
  return number * 2;
}

if (!isMainThread) work(1);
else if (cluster.isWorker) {
  work(1);
  process.disconnect();
} else if (process.argv[2] === 'cluster') cluster.fork();
else new Worker(__filename);

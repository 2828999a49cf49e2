// Grows by some megabytes a second and spins, each in a worker thread, and has one child more every second unless it is to
// be `alone`; so many children at once where a number is given. Whatever a row shows of it is soon out of date.
const { spawn } = require('node:child_process');
const { isMainThread, Worker, workerData } = require('node:worker_threads');

const seconds = 60;

if (!isMainThread) {
  const held = [];
  if (workerData === 'leak') setInterval(() => held.push(Buffer.alloc(2 * 1024 * 1024, 1)), 100);
  else for (;;);
} else {
  for (const what of ['leak', 'spin']) new Worker(__filename, { workerData: what, name: what });
  const child = () => spawn('sleep', [String(seconds)], { stdio: 'ignore' });
  for (let crowd = Number(process.argv[2]); crowd > 0; crowd--) child();
  if (process.argv[2] !== 'alone') setInterval(child, 1_000);
  setTimeout(() => process.exit(), seconds * 1_000);
}

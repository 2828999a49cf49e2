const { Worker } = require('worker_threads');
const ends = (name, code, options, act) => new Promise((resolve) => {
  const worker = new Worker(code, { eval: true, name, ...options });
  console.log(worker.eventNames(), worker.listenerCount('exit'));
  worker.on('error', (error) => console.log(name, error.message));
  worker.on('exit', function left(status) { console.log(name, status, new Error('here').stack, worker.listenerCount('exit'), worker.threadId); resolve(); });
  act?.(worker);
});
(async () => {
  await ends('returns', '0');
  await ends('exits', 'process.on("exit", (code) => console.log("in", code, new Error("here").stack)); process.exit(6)');
  await ends('throws', 'throw new Error("inside")');
  await ends('terminated', 'setInterval(() => {}, 1000)', {}, (worker) => worker.once('online', () => worker.terminate().then((code) => console.log('terminated', code))));
  await ends('argv', 'console.log(process.argv.slice(2), process.execArgv)', { argv: ['a'], execArgv: ['--no-warnings'] });
})();

// env: NODE_OPTIONS=--no-warnings ZZ=last
const { Worker, SHARE_ENV } = require('worker_threads');
const code = 'require("worker_threads").parentPort.postMessage(JSON.stringify(process.env))';
const run = (options) => new Promise((resolve) => new Worker(code, { eval: true, ...options }).once('message', resolve));
(async () => {
  for (const options of [{}, { env: SHARE_ENV }, { env: { A: '1' } }, { env: {} }, { execArgv: [] }, { env: { ...process.env, B: '2' } }]) console.log(await run(options));
})();

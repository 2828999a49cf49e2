const { spawn, spawnSync } = require('child_process');
const { Worker } = require('worker_threads');
const ended = (emitter) => new Promise((resolve) => emitter.once('exit', resolve));
(async () => {
  for (const limit of [0, Infinity, -1, 'many', undefined]) {
    Error.stackTraceLimit = limit;
    spawnSync('true');
    console.log(await ended(spawn('true')), await ended(new Worker('1', { eval: true, env: {} })), Error.stackTraceLimit, new Error('limited').stack);
  }
  Error.stackTraceLimit = 5;
  let calls = 0;
  const prepare = (error, sites) => `${++calls} ${error.message} ${sites.length}`;
  Error.prepareStackTrace = prepare;
  spawnSync('true');
  console.log(await ended(spawn('true')), await ended(new Worker('1', { eval: true, execArgv: [] })), Error.prepareStackTrace === prepare, new Error('prepared').stack, calls);
  try { process.kill(99999999, 'SIGTERM'); } catch (error) { console.log(error.stack, calls); }
  process.exit(2);
})();

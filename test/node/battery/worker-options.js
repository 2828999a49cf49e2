// env: ZZ=last
const { Worker, SHARE_ENV } = require('worker_threads');
const code = `const { workerData, resourceLimits, getEnvironmentData, parentPort } = require('worker_threads');
const { spawnSync } = require('child_process');
console.log(JSON.stringify([workerData, process.env, process.execArgv, process.argv.slice(2), process._preload_modules, Object.keys(require.cache), resourceLimits.maxOldGenerationSizeMb, getEnvironmentData('mine')]));
console.log(spawnSync('sh', ['-c', 'exit 5']).status, new Error('in the thread').stack);
process.exitCode = 3;`;
const run = (name, options) => new Promise((resolve) => new Worker(code, { eval: true, name, workerData: name, ...options }).on('exit', (status) => resolve(console.log(name, status))));
require('worker_threads').setEnvironmentData('mine', { a: 1 });
(async () => {
  await run('none', {});
  await run('env', { env: { A: '1' } });
  await run('no env', { env: {} });
  await run('own env', { env: process.env });
  await run('shared', { env: SHARE_ENV });
  await run('no arguments', { execArgv: [] });
  await run('same arguments', { execArgv: process.execArgv });
  await run('arguments', { execArgv: ['--no-warnings', '--require', './preloaded/first.cjs'], argv: ['x', 'y'] });
  await run('options in env', { env: { NODE_OPTIONS: '--require ./preloaded/first.cjs' } });
  await run('limits', { env: {}, resourceLimits: { maxOldGenerationSizeMb: 64, stackSizeMb: 2 } });
  console.log(process._preload_modules, process.env);
})();

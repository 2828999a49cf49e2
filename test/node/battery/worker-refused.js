const { Worker } = require('worker_threads');
const attempts = [['nowhere'], ['./nowhere.js', { env: 3 }], ['1', { eval: true, execArgv: ['--no-such-flag'] }], ['1', { eval: true, env: { NODE_OPTIONS: '--no-such-flag' } }],
  ['1', { eval: true, execArgv: 'x' }], ['1', { eval: true, workerData: () => {} }], [{}], ['1', { eval: true, env: {}, name: 3 }]];
for (const args of attempts) {
  try { new Worker(...args).on('error', (error) => console.log('later', error.message)); } catch (error) { console.log(error.stack); }
}

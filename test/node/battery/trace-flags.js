// flags: --trace-warnings --trace-deprecation --trace-sigint
process.emitWarning('careful', { code: 'X1', detail: 'more' });
const { Worker } = require('worker_threads');
new Worker('process.emitWarning("in the thread")', { eval: true, env: {} }).on('exit', () => {
  require('child_process').spawn('true').on('exit', () => { process.emitWarning('old', 'DeprecationWarning', 'X2'); });
});

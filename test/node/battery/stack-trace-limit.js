Error.stackTraceLimit = 1;
const { spawn } = require('child_process');
spawn('true').on('exit', () => {
  console.log(Error.stackTraceLimit, new Error('short').stack);
  delete Error.stackTraceLimit;
  spawn('true').on('exit', () => { console.log('stackTraceLimit' in Error, new Error('none').stack, Reflect.ownKeys(Error)); process.exit(2); });
});

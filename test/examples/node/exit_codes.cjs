/* What 'exit' says about each way in which a Node process can end: a code, or null and the name of a signal. */
const { fork } = require('node:child_process');

const ways = {
  returns() {},
  exits: () => process.exit(3),
  exitCode: () => { process.exitCode = 4; },
  throws: () => { throw new TypeError('There was an error!'); },
  rejects: () => Promise.reject(new RangeError('Nobody caught this!')),
  aborts: () => process.abort(),
  terminates: () => { process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 10_000); },
  kills: () => process.kill(process.pid, 'SIGKILL'),
};

function next([way, ...rest]) {
  if (!way) return;
  // process.abort() prints addresses, which differ from run to run.
  fork(__filename, [way], { stdio: 'ignore' }).on('exit', (code, signal) => {
    console.log(way, code, signal);
    next(rest);
  });
}

if (process.argv[2]) ways[process.argv[2]]();
else next(Object.keys(ways));

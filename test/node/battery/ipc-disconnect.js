const { fork } = require('child_process');
if (process.argv[2]) { process.on('disconnect', () => { console.log('child hears it'); process.exitCode = 5; }); } else {
  const child = fork(__filename, ['child']);
  child.on('exit', (code) => console.log(code, child.connected));
  child.once('spawn', () => setTimeout(() => child.disconnect(), 10));
}

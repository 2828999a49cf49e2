const { fork } = require('child_process');
if (process.argv[2] === 'child') { process.on('message', () => process.exit(9)); } else if (process.argv[2] === 'parent') {
  fork(__filename, ['child']).on('spawn', () => process.kill(process.pid, 'SIGKILL'));
} else fork(__filename, ['parent']).on('exit', (code, signal) => console.log(code, signal));

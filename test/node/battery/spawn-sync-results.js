const { spawnSync } = require('child_process');
const show = ({ status, signal, error, stdout }) => console.log(status, signal, error?.code, error?.stack, String(stdout));
show(spawnSync('no-such-program'));
show(spawnSync('sh', ['-c', 'echo out; exit 3']));
show(spawnSync('sh', ['-c', 'kill -9 $$']));
show(spawnSync('sleep', ['20'], { timeout: 50 }));
console.log(spawnSync('sh', ['-c', 'yes'], { maxBuffer: 100 }).error.code);
show(spawnSync('cat', { input: 'given' }));

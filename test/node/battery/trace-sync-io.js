// flags: --trace-sync-io
const { spawn, spawnSync } = require('child_process');
const { Worker } = require('worker_threads');
spawnSync('true');
spawn('sh', ['-c', 'exit 3']).on('exit', (code) => {
  console.log(code, spawnSync('sh', ['-c', 'exit 4']).status);
  new Worker('console.log(1)', { eval: true, env: {} }).on('exit', () => process.exit(5));
});

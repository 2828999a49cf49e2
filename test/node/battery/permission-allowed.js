// flags: --permission --allow-fs-read=. --allow-worker --allow-child-process
// unheard: nothing may be written
// from: 22
const { spawn, spawnSync } = require('child_process');
const { Worker } = require('worker_threads');
const names = 'console.log(Object.keys(process.env).filter((name) => !/^_|PWD|SHLVL|NODE_OPTIONS/.test(name)).sort().join())';
console.log(spawnSync('sh', ['-c', 'exit 3']).status);
spawn(process.execPath, ['-e', names], { stdio: 'inherit' }).on('exit', (code) => {
  console.log(code);
  new Worker(names, { eval: true, env: { A: '1' } }).on('error', (error) => console.log(error.stack)).on('exit', (status) => console.log(status));
});

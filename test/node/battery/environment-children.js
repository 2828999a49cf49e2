// env: NODE_OPTIONS=--no-warnings ZZ=last
const { fork, spawnSync, execFileSync } = require('child_process');
if (process.argv[2] === 'child') {
  console.log(process.argv[3], JSON.stringify(process.env), process.execArgv);
} else {
  const run = (name, options) => spawnSync(process.execPath, [__filename, 'child', name], { stdio: 'inherit', ...options });
  run('inherited');
  run('own options', { env: { NODE_OPTIONS: '--trace-warnings', A: '1' } });
  run('cleared', { env: {} });
  run('copied', { env: { ...process.env, B: '2' } });
  process.env.NODE_OPTIONS = '--stack-trace-limit=20';
  run('changed', {});
  delete process.env.NODE_OPTIONS;
  console.log(execFileSync(process.execPath, [__filename, 'child', 'deleted'], { encoding: 'utf8' }));
  fork(__filename, ['child', 'forked'], { execArgv: [] }).on('exit', (code) => console.log(code));
}

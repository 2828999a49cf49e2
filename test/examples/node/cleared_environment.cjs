/* A child may be given an environment of its own, here an empty one. */
const { spawn } = require('node:child_process');

if (process.argv[2] === 'child') {
  console.log('variables:', Object.keys(process.env).sort().join(' '));
  process.exit(2);
} else {
  const child = spawn(process.execPath, [__filename, 'child'], { env: {}, stdio: 'inherit' });
  child.on('exit', (code) => console.log('child ended with', code));
}

/* Endless recursion is a RangeError, unless V8 has been told a stack size that the system does not grant: SIGSEGV. */
const { spawn } = require('node:child_process');

function dig(depth) {
  return dig(depth + 1) + 1;
}

function run(title, options, then) {
  spawn(process.execPath, [...options, __filename, 'child'], { stdio: 'ignore' }).on('exit', (code, signal) => {
    console.log(title, code, signal);
    then?.();
  });
}

if (process.argv[2] === 'child') dig(0);
else run('usual stack:', [], () => run('lied to:', ['--stack-size=60000'], undefined));

const { spawn, execFile, exec, fork } = require('child_process');
const show = (name) => (error) => console.log(name, error.code, error.syscall, error.path, error.spawnargs, error.stack);
spawn('no-such-program', ['a']).on('error', show('enoent'));
spawn('/', []).on('error', show('eacces'));
spawn('true', { cwd: '/no/such/folder' }).on('error', show('cwd'));
execFile('no-such-program', show('execFile'));
exec('exit 3', (error) => console.log('exec', error.code, error.stack));
for (const attempt of [() => spawn(''), () => spawn('a\0b'), () => spawn('true', ['a\0']), () => spawn('true', { uid: 'x' }), () => spawn('true', { stdio: 'odd' }), () => fork(), () => spawn('true', { env: { A: 'b\0' } })]) {
  try { attempt(); } catch (error) { console.log(error.stack); }
}

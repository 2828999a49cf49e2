const { spawn } = require('child_process');
const child = spawn('sleep', ['20']);
child.on('spawn', () => { console.log(child.kill(0), child.kill('SIGKILL'), child.killed); try { child.kill('SIGODD'); } catch (error) { console.log(error.stack); } });
child.on('exit', (code, signal) => console.log(code, signal, child.kill()));

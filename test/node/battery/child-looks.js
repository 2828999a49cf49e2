const { spawn } = require('child_process');
const child = spawn('sh', ['-c', 'exit 3'], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
console.log(Object.keys(child), child.spawnargs, child.spawnfile, child.eventNames(), child.killed, child.exitCode);
console.log(Object.keys(child._handle), child._handle.constructor.name, child._handle.hasRef());
child.removeAllListeners();
child.on('exit', (code, signal) => { console.log(code, signal, child.kill(), child.killed, child._handle, child.eventNames()); });

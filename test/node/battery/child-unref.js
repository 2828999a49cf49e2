const { spawn } = require('child_process');
const child = spawn('sleep', ['0.3'], { detached: true, stdio: 'ignore' });
child.unref();
child.on('exit', () => console.log('never heard'));
console.log('leaving');

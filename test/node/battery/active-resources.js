const { spawn } = require('child_process');
console.log(process.getActiveResourcesInfo(), process._getActiveHandles().length, process._getActiveRequests().length);
const child = spawn('sleep', ['0.05'], { stdio: 'ignore' });
console.log(process.getActiveResourcesInfo(), process._getActiveHandles().length);
child.on('exit', () => console.log(process.getActiveResourcesInfo(), process._getActiveHandles().length));

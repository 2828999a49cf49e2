const { execFile, spawn } = require('child_process');
const child = spawn('sh', ['-c', 'echo hi'], { stdio: 'ignore' });
for (const event of ['spawn', 'exit', 'close']) child.on(event, function listener() { console.log(event, new Error(event).stack); });
child.on('close', () => execFile('false', function done(error) { console.log(error.code, error.message); }));

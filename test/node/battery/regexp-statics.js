const { spawn } = require('child_process');
spawn('true');
/(b+)/.exec('abbbc');
const child = spawn('sleep', ['20']);
console.log(RegExp.$1 === 'bbb' || 'changed by Node itself');
/(c+)/.exec('abccc');
child.kill();
process.kill(process.pid, 0);
console.log(RegExp.$1);

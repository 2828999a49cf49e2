// flags: --pending-deprecation --throw-deprecation
const { spawn, spawnSync } = require('child_process');
console.log(spawnSync('true').status);
spawn('true').on('exit', (code) => console.log(code));

Object.freeze(Error);
const { spawn, spawnSync } = require('child_process');
console.log(spawnSync('true').status);
spawn('true').on('exit', (code) => { console.log(code, new Error('frozen').stack); throw new Error('end'); });

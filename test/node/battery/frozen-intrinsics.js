// flags: --frozen-intrinsics --no-warnings
const { spawn, spawnSync } = require('child_process');
console.log(spawnSync('true').status);
spawn('true').on('exit', (code) => { console.log(code); process.exit(4); });

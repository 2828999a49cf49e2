// As fake timers do it: nothing tells the time, and nothing comes of asking for it.
const { mock } = require('node:test');
mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'], now: 5 });
console.log(Date.now(), new Date().getTime());
const { spawn, spawnSync } = require('child_process');
const asked = [];
for (const [owner, key] of [[process, 'hrtime'], [performance, 'now'], [Date, 'now'], [process, 'uptime']]) Object.defineProperty(owner, key, { configurable: true, value: () => { asked.push(key); throw new Error(key); } });
globalThis.Date = class { constructor() { asked.push('Date'); } static now() { asked.push('Date.now'); return 0; } };
spawnSync('true');
spawn('sh', ['-c', 'exit 3']).on('exit', (code) => { console.log(code, asked); process.exit(4); });

/* NODE_OPTIONS holds options for every Node process, for example a module to load first. */
const { spawnSync } = require('node:child_process');

console.log('NODE_OPTIONS is', process.env.NODE_OPTIONS, 'and loaded', globalThis.preloaded);
if (process.argv[2] !== 'child') spawnSync(process.execPath, [__filename, 'child'], { stdio: 'inherit' });

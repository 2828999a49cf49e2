// flags: --permission --allow-fs-read=.
// unheard: nothing may be written
// from: 22
console.log(process.env, process._preload_modules, Object.keys(require.cache), process.permission.has('fs.write'), process.permission.has('fs.read', '/'));
const refused = (what, attempt) => { try { console.log(what, attempt()); } catch (error) { console.log(what, error.code, error.stack); } };
refused('child', () => require('child_process').spawnSync('true').status);
refused('thread', () => new (require('worker_threads').Worker)('1', { eval: true }).threadId);
refused('binding', () => process.binding('fs'));
refused('file', () => require('fs').readFileSync('/etc/hostname'));
process.on('exit', (code) => console.log('exit', code));
process.exitCode = 3;

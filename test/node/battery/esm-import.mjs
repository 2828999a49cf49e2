import { execSync, spawn } from 'node:child_process';
import process from 'node:process';
console.log(execSync('echo from esm', { encoding: 'utf8' }));
const child = spawn('sh', ['-c', 'exit 2']);
const [code] = await new Promise((resolve) => child.on('exit', (...args) => resolve(args)));
console.log(code, process.emit.name, new Error('here').stack.split('\n').length);
process.exit(code);

// In a module the sync functions are imported by name.
import { execFileSync, execSync } from 'node:child_process';

console.log(execSync('echo one').toString().trim());
console.log(execFileSync(process.execPath, ['-e', 'console.log("two")']).toString().trim());

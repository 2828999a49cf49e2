// A parent waits for the end of a child that computes, and for the answer of another that waits for a timer
// exit: 0

import { execFileSync, spawn } from 'node:child_process';
execFileSync(process.execPath, ['-e', 'const t = Date.now(); while (Date.now() - t < 5000);']);
const child = spawn(process.execPath, ['-e', 'setTimeout(() => console.log("late"), 5000)'], { stdio: ['ignore', 'pipe', 'inherit'] });
child.stdout.on('data', (text) => console.log(String(text)));

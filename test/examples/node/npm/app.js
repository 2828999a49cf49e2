/* Run by `npm start`: npm starts a shell, the shell starts this. */
const { execFileSync } = require('node:child_process');

const task = process.argv[2] ?? 'start';
console.log('script', process.env.npm_lifecycle_event, 'runs', task);
if (task === 'start') console.log(execFileSync(process.execPath, [__filename, 'helper']).toString().trim());

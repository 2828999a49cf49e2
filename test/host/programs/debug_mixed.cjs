// Ticks, and starts Python, whose path it is given.
const { spawn } = require('node:child_process');

let count = 0;

function tick() {
  count += 1;
}

spawn(process.argv[2], [__filename.replace(/cjs$/, 'py'), 'below'], { stdio: 'inherit' });
setInterval(tick, 50);

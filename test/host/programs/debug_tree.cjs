// A forked child that is busy, one that serves, and one that ticks.
const { fork } = require('node:child_process');

const kind = process.argv[2];
let count = 0;

function spin() {
  for (;;) count++;
}

function tick() {
  count += 1;
}

if (kind === 'busy') spin();
else if (kind === 'idle') require('node:http').createServer().listen(0, '127.0.0.1');
else if (kind === 'tick') setInterval(tick, 50);
else for (const one of ['busy', 'idle', 'tick']) fork(__filename, [one]);

// Three forked children that tick.
const { fork } = require('node:child_process');

let count = 0;

function tick() {
  count += 1;
}

if (process.argv[2]) setInterval(tick, 50);
else for (const one of ['first', 'second', 'third']) fork(__filename, [one]);

// Three forked children that tick, each with its rank; the third is another script.
const { fork } = require('node:child_process');

let count = 0;

function tick() {
  count += 1;
}

if (process.argv[2]) setInterval(tick, 50);
else {
  fork(__filename, ['first'], { env: { ...process.env, RANK: '0' } });
  fork(__filename, ['second'], { env: { ...process.env, RANK: '1' } });
  fork(`${__dirname}/debug_tree.cjs`, ['tick'], { env: { ...process.env, RANK: '2' } });
}

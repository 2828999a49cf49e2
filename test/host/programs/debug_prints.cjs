// Children that print all at once, and their children; what a parent catches or sends elsewhere is not the console's.
const { fork, spawn, execFileSync } = require('node:child_process');
const cluster = require('node:cluster');
const { once } = require('node:events');

const [, , name, python] = process.argv;

async function root() {
  console.log('root begins', { an: 'object' });
  const crew = [0, 1, 2].map((number) => fork(__filename, [`crew-${number}`]));
  await Promise.all(crew.map((one) => once(one, 'exit')));
  console.log('caught', execFileSync(process.execPath, ['-e', 'console.log("in a pipe")']).toString().trim().length);
  await once(spawn(process.execPath, ['-e', 'console.log("hidden")'], { stdio: 'ignore' }), 'exit');
  if (python) await once(spawn(python, ['-c', 'print("by Python")'], { stdio: 'inherit' }), 'exit');
  cluster.setupPrimary({ args: ['clustered'] });
  await once(cluster.fork(), 'exit');
  console.log('root ends');
}

if (cluster.isWorker) {
  console.log('in the cluster');
  process.disconnect();
} else if (name?.startsWith('crew')) {
  for (let number = 0; number < 30; number++) console.log(name, number);
  console.error(name, 'on stderr');
  if (name === 'crew-0') fork(__filename, ['below']);
} else if (name === 'below') console.log('below', name);
else void root();

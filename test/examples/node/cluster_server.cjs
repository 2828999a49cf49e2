/* cluster: several processes serve one port. The primary starts the workers and hands the connections round. */
const cluster = require('node:cluster');
const http = require('node:http');

function serve() {
  http.createServer((request, response) => {
    response.setHeader('connection', 'close');
    response.end(`worker ${cluster.worker.id}`);
  }).listen(0, '127.0.0.1');
}

const get = (port) => new Promise((resolve) => {
  http.get({ port, host: '127.0.0.1', agent: false }, (response) => {
    response.setEncoding('utf8').on('data', resolve);
  });
});

async function main() {
  const started = [cluster.fork(), cluster.fork()].map((worker) => new Promise((resolve) => {
    worker.on('listening', resolve);
    worker.on('exit', (code) => { process.exitCode ||= code; });
  }));
  const [{ port }] = await Promise.all(started);
  const answers = [];
  for (let i = 0; i < 4; i++) answers.push(await get(port));
  console.log(answers.sort().join(', '));
  cluster.disconnect(() => console.log('all workers have left'));
}

if (cluster.isPrimary) main();
else serve();

const cluster = require('cluster');
const net = require('net');
if (cluster.isPrimary) {
  cluster.on('exit', (worker, code, signal) => { console.log('exit', code, signal, worker.exitedAfterDisconnect); });
  cluster.on('listening', (worker) => net.connect(cluster.port ??= worker.port, () => {}));
  const one = cluster.fork({ KIND: 'one' });
  one.on('message', (text) => console.log(text));
  one.on('exit', function left() { console.log(new Error('here').stack); cluster.fork({ KIND: 'two' }); });
} else if (process.env.KIND === 'one') {
  process.send(`${cluster.worker.id} ${'NODE_UNIQUE_ID' in process.env} ${process.listenerCount('message')} ${Object.keys(process.env).length}`, () => process.exit(4));
} else net.createServer(() => { throw new Error('in a worker'); }).listen(0, () => setTimeout(() => process.exit(3), 50));

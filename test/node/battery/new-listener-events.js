process.on('newListener', (name) => console.log('new', String(name)));
process.on('removeListener', (name) => console.log('removed', String(name)));
process.once('exit', () => console.log('exit'));
require('child_process').spawn('true').on('exit', () => {
  console.log('child');
  new (require('worker_threads').Worker)('0', { eval: true }).on('exit', () => console.log('thread'));
});

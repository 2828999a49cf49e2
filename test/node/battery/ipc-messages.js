const { fork } = require('child_process');
if (process.argv[2]) {
  process.on('message', function received(message) {
    process.send({ echo: message, stack: message === 0 ? new Error('here').stack : '' });
    if (message === 99) process.disconnect();
  });
} else {
  const child = fork(__filename, ['child'], { serialization: 'advanced' });
  let count = 0;
  child.on('message', ({ echo, stack }) => { if (stack) console.log(stack); count += echo; });
  child.on('disconnect', () => console.log('disconnected', count, new Error('here').stack));
  for (let index = 0; index < 100; index++) child.send(index);
}

const { fork } = require('child_process');
if (process.argv[2]) { console.log('child', process.listenerCount('message'), process.listenerCount('disconnect'), process.channel.hasRef?.()); } else {
  const child = fork(__filename, ['child']);
  child.on('exit', (code) => console.log('ended by itself', code));
}

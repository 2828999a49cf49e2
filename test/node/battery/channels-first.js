// The first child, when the program listens already.
const channels = require('diagnostics_channel');
channels.subscribe('child_process', ({ process: child }) => console.log(child.constructor.name, channels.channel('child_process')._subscribers.length, new Error('subscriber').stack));
for (const code of [3, 4]) require('child_process').spawn('sh', ['-c', `exit ${code}`]).on('exit', (status) => console.log(status));

const { EventEmitter } = require('events');
const emitter = new EventEmitter();
emitter.on('go', async () => { await null; emitter.emit('error', new Error('no listener')); });
emitter.emit('go');

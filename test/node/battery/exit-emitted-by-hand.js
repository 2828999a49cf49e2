process.on('exit', (code) => console.log('exit', code));
console.log(process.emit('exit', 77), process.emit('nobody'));
process.on('custom', function (...args) { console.log(this === process, args, new Error('here').stack); });
process.emit('custom', 1, 2);
console.log(process.emit === require('events').prototype.emit, process.emit.name, 'emit' in process, Object.hasOwn(process, 'emit'));

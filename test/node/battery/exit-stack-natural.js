process.once('exit', function once() { console.log(new Error('once').stack); });
process.on('exit', function last(code) { console.log(code, new Error('here').stack, process.listenerCount('exit'), process.eventNames()); });

const copy = { ...process };
for (const key in process) copy[key] = process[key];
console.log(Object.keys(copy).sort(), process.eventNames(), Object.keys(process._events), process._eventsCount);
console.log(typeof copy.abort, typeof copy.reallyExit, typeof copy._fatalException, copy.emit === process.emit);
process.on('uncaughtException', function caught(error) { console.log(error.message, new Error('here').stack); });
throw new Error('after the copy');

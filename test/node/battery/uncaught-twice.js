let count = 0;
process.on('uncaughtException', function handler(error) { console.log(error.message, new Error('here').stack, process.eventNames()); if (++count === 2) process.off('uncaughtException', handler); });
for (const name of ['one', 'two', 'three']) setTimeout(() => { throw new Error(name); }, 1);

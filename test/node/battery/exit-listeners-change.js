const second = () => console.log('second');
process.on('exit', () => { process.off('exit', second); process.on('exit', () => console.log('too late')); console.log(process.listenerCount('exit')); });
process.on('exit', second);
process.prependListener('exit', () => console.log('zeroth'));

process.on('uncaughtException', function handler() { throw new Error('second'); });
process.on('exit', (code) => console.log('exit', code));
throw new Error('first');

const error = new Error('plain');
process.on('exit', () => { error.message = 'changed at exit'; error.name = 'Other'; });
setImmediate(() => { throw error; });

const error = new Error('x');
Object.defineProperty(error, 'message', { get() { console.log('message read'); return 'from getter'; } });
Object.defineProperty(error, 'name', { get() { console.log('name read'); throw new Error('no name'); } });
process.on('exit', (code) => console.log('exit', code));
setTimeout(() => { throw error; }, 1);

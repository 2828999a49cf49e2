let prepare;
Object.defineProperty(Error, 'prepareStackTrace', { configurable: true, get() { console.log('read'); return prepare; }, set(value) { console.log('set'); prepare = value; } });
Object.defineProperty(Error, 'stackTraceLimit', { configurable: true, get() { return 10; }, set() { console.log('limit set'); } });
const { spawn } = require('child_process');
spawn('true').on('exit', (code) => console.log(code, typeof Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit').get));

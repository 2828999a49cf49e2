for (let index = 0; index < 10; index++) process.on('exit', () => {});
console.log('ten');
process.on('exit', () => {});
for (let index = 0; index < 11; index++) process.on('uncaughtExceptionMonitor', () => {});
for (let index = 0; index < 11; index++) process.on('worker', () => {});

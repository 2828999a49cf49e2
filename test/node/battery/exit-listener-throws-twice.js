process.on('exit', (code) => { console.log(code); throw new Error('at the end'); });
process.on('uncaughtException', (error) => console.log('caught', error.message));
setTimeout(() => process.exit(3), 1);

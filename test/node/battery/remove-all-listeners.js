process.on('exit', () => console.log('removed'));
process.removeAllListeners();
process.on('exit', (code) => console.log('kept', code));
console.log(process.eventNames());
process.exitCode = 3;

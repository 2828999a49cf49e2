process.exitCode = '12';
process.on('exit', (code) => console.log(typeof code, code));

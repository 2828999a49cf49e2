process.on('exit', (code) => console.log('exit', code, process.exitCode));
throw { a: 1, get b() { console.log('getter ran'); return 2; }, toString() { console.log('toString ran'); return 'o'; } };

process.on('exit', (code) => { console.log(code); process.exitCode = 6; });

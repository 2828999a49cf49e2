process.on('exit', (code) => require('fs').writeSync(2, `exit ${code}\n`));
process.stdout.on('error', (error) => { require('fs').writeSync(2, `${error.code} ${error.stack}\n`); });
process.stdout.end('last words\n');
process.stdout.write('too late');

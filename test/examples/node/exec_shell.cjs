/* exec hands a command line to a shell and collects what is printed. A failure comes as an error with the code. */
const { exec } = require('node:child_process');

exec('echo through a shell; exit 5', (error, stdout) => {
  console.log(stdout.trim());
  console.log('exit code', error.code);
});

const { execSync } = require('child_process');
console.log(execSync('echo fine', { encoding: 'utf8' }));
execSync('echo bad >&2; exit 7', { stdio: 'pipe' });

// flags: --no-warnings
// from: 22
if (process.env.AGAIN) { console.log('second image', process.argv[2], JSON.stringify(Object.keys(process.env))); process.exit(3); }
console.log('first image');
process.execve(process.execPath, [process.execPath, __filename, 'argument'], { AGAIN: '1', PATH: process.env.PATH });

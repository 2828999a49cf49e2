let rounds = 0;
process.on('beforeExit', (code) => { console.log('beforeExit', code, new Error('here').stack); if (rounds++ < 2) setTimeout(() => {}, 1); });
process.on('exit', (code) => console.log('exit', code));

process.on('exit', (code) => { console.log(code); throw new Error('at the end'); });
process.on('exit', () => console.log('never'));

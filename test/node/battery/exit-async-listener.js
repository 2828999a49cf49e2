process.on('exit', async (code) => { console.log('before', code); await null; console.log('never'); });

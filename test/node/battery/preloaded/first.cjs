console.log('first', process.argv.length);

const domain = require('domain').create();
domain.on('error', function handler(error) { console.log(error.message, new Error('here').stack); });
domain.run(() => { setTimeout(() => { throw new Error('in the domain'); }, 1); require('child_process').spawn('true').on('exit', () => console.log(process.domain === domain)); });

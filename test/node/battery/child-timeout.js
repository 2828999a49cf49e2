const { spawn, exec } = require('child_process');
spawn('sleep', ['20'], { timeout: 20, killSignal: 'SIGINT' }).on('exit', (...args) => console.log('spawn', args));
setTimeout(() => exec('exec sleep 20', { timeout: 20 }, (error) => console.log('exec', error.killed, error.signal, error.code)), 100);

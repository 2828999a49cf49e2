require('child_process').spawn('true').on('exit', function leave() { throw new Error('from the listener'); });

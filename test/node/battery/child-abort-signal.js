const { spawn, execFile } = require('child_process');
const controller = new AbortController();
const child = spawn('sleep', ['20'], { signal: controller.signal });
child.on('error', (error) => console.log(error.name, error.stack));
child.on('exit', (...args) => {
  console.log(args);
  execFile('sleep', ['20'], { signal: AbortSignal.timeout(30) }, (error) => console.log(error.name, error.code));
});
setTimeout(() => controller.abort(new Error('enough')), 10);

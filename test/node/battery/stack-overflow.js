process.on('exit', (code) => console.log('exit', code));
Error.stackTraceLimit = 4;
function deep() { return deep() + 1; }
deep();

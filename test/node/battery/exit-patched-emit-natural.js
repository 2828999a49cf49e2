const { emit } = process;
process.emit = function (event, ...args) { if (event === 'exit') process.exitCode = 11; return emit.call(this, event, ...args); };
process.on('exit', (code) => console.log(code, process.exitCode));
setTimeout(() => { delete process.emit; console.log(process.emit === emit); process.emit = emit; }, 1);

// What the package signal-exit does.
const { emit, reallyExit } = process;
process.emit = function (event, ...args) {
  if (event === 'exit') console.log('patched emit', args[0]);
  return emit.call(this, event, ...args);
};
process.reallyExit = function (code) { console.log('patched reallyExit', code); return reallyExit.call(process, 8); };
console.log(Object.getOwnPropertyDescriptor(process, 'emit').enumerable, Object.keys(process).includes('emit'));
process.on('exit', () => { console.log(new Error('here').stack); });
if (process.version.startsWith('v2')) process.exit(1);

// As SES does it: all that programs share is frozen, and Error tells no stacks.
const { spawn, spawnSync } = require('child_process');
const { Worker } = require('worker_threads');
delete Error.captureStackTrace;
delete Error.prepareStackTrace;
const seen = new Set();
(function harden(value) {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
  seen.add(value);
  Object.freeze(value);
  harden(Object.getPrototypeOf(value));
  for (const { value: held, get, set } of Object.values(Object.getOwnPropertyDescriptors(value))) for (const one of [held, get, set]) harden(one);
})([Object, Function, Array, Error, TypeError, RangeError, Promise, Map, Set, WeakMap, WeakSet, Date, RegExp, String, Number, Boolean, Symbol, JSON, Math, Reflect, Proxy, ArrayBuffer, SharedArrayBuffer, Atomics, Uint8Array, Int32Array, BigInt]);
console.log(spawnSync('sh', ['-c', 'exit 2']).status);
spawn('sh', ['-c', 'exit 3']).on('exit', (code) => {
  console.log(code);
  new Worker('process.exit(4)', { eval: true, env: {} }).on('exit', (status) => { console.log(status); process.exitCode = 5; });
});

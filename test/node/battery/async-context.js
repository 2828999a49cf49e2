const { AsyncLocalStorage, createHook, executionAsyncId } = require('async_hooks');
const { spawn } = require('child_process');
const { Worker } = require('worker_threads');
const types = {};
createHook({ init: (id, type) => { types[type] = (types[type] ?? 0) + 1; } }).enable();
const storage = new AsyncLocalStorage();
storage.run('child', () => spawn('true').on('exit', () => {
  console.log(storage.getStore());
  storage.run('thread', () => new Worker('1', { eval: true, env: {} }).on('exit', () => {
    console.log(storage.getStore(), executionAsyncId() > 0);
    delete types.TickObject;
    console.log(types);
    process.exit(3);
  }));
}));

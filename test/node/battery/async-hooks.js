const hooks = require('async_hooks');
const types = [];
hooks.createHook({ init(id, type) { types.push(type); } }).enable();
console.log(hooks.executionAsyncId(), hooks.triggerAsyncId());
require('child_process').spawn('true', { stdio: 'ignore' }).on('exit', () => { const seen = types.slice(); console.log(seen.join(), hooks.executionAsyncId() > 0); });

// What the module loader remembers.
const Module = require('module');
console.log(Object.keys(require.cache), Object.keys(Module._pathCache), Object.keys(Module._cache), process._preload_modules, module.parent, require.main === module);
console.log(Object.getOwnPropertyDescriptor(process, '_preload_modules'));

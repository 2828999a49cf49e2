for (const name of ['kill', 'exit', 'abort', 'reallyExit', '_kill', '_fatalException', 'emit', 'on']) {
  const value = process[name];
  console.log(name, value.name, value.length, Object.keys(value), typeof value.prototype);
}
console.log(Object.getOwnPropertyNames(process));
console.log(Object.keys(process));
console.log(Reflect.ownKeys(Error), Object.getOwnPropertySymbols(globalThis), Object.keys(globalThis));
for (const name of ['stdout', 'stderr']) {
  const { get, set, ...flags } = Object.getOwnPropertyDescriptor(process, name);
  console.log(name, get.name, get.length, set, flags, process[name] === process[name], Object.keys(process[name]));
}
console.log(require('child_process').spawn.name, require('child_process').ChildProcess.prototype.spawn.length);
console.log(Object.keys(require.cache).length, module.children.length, process.moduleLoadList.filter((name) => /child_process|worker|perf|cluster/.test(name)));

function stub(object, name, replacement) {
  const own = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { value: replacement, writable: true, configurable: true, enumerable: true });
  return () => (own ? Object.defineProperty(object, name, own) : delete object[name]);
}
for (const name of ['kill', 'emit', 'exit', 'abort', 'reallyExit', '_kill']) {
  const original = process[name];
  const restore = stub(process, name, () => 'stubbed');
  console.log(name, process[name]());
  restore();
  console.log(process[name] === original);
}
const copy = Object.create(Object.getPrototypeOf(process), Object.getOwnPropertyDescriptors(process));
console.log(typeof copy.emit, typeof copy.abort, copy.pid === process.pid, copy.kill(copy.pid, 0));
process.exitCode = 7;

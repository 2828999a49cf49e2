process.on('exit', function last(code) {
  console.log(code, new Error('here').stack);
  console.log(process.listenerCount('exit'), process.rawListeners('exit').length, process.getMaxListeners(), process.eventNames());
  console.log(Object.keys(process._events), process._eventsCount, typeof process._events.exit);
});
(function quit() { process.exit(2); })();

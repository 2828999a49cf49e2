process.on('uncaughtException', function handler(error, origin) {
  console.log(origin, error.stack);
  console.log(new Error('here').stack);
  console.log(process.listenerCount('uncaughtExceptionMonitor'), process.eventNames());
});
setTimeout(() => console.log('goes on'), 5);
throw new Error('first');

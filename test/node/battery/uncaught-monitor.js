process.on('uncaughtExceptionMonitor', function monitor(error, origin) {
  console.log(origin, error.message, new Error('here').stack);
  console.log(process.listenerCount('uncaughtExceptionMonitor'), process.listeners('uncaughtExceptionMonitor').length);
});
process.on('uncaughtExceptionMonitor', function other() { console.log('other'); });
throw new Error('seen');

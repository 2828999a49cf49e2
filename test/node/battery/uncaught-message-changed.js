process.on('uncaughtException', (error) => {
  error.message = `context: ${error.message}`;
  console.error(error.stack);
  process.exit(2);
});
throw new Error('plain');

process.setUncaughtExceptionCaptureCallback(function captured(error) {
  console.log(error.message, new Error('here').stack);
  process.exitCode = 4;
});
throw new Error('taken');

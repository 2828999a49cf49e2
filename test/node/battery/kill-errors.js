for (const args of [['x'], [1, 'SIGNOTHING'], [2 ** 31], [99999999, 'SIGTERM'], [process.pid, 0], [process.pid, 1234], [undefined]]) {
  try { console.log(process.kill(...args)); } catch (error) { console.log(error.stack); }
}
process.kill(99999999);

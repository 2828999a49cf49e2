process.on('SIGTERM', () => { console.log('asked to stop'); process.exit(0); });
setTimeout(() => {}, 10_000);
process.kill(process.pid);

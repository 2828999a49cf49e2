process.on('SIGUSR2', function handler(name, number) { console.log(name, number, new Error('here').stack); clearTimeout(timer); });
const timer = setTimeout(() => {}, 10_000);
process.kill(process.pid, 'SIGUSR2');

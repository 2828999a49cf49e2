// Ends by the code or by the signal that is named.
const [, , how] = process.argv;

setTimeout(() => (/^SIG/.test(how) ? process.kill(process.pid, how) : process.exit(Number(how))), 300);
setTimeout(() => {}, 600_000);

// Tells what it was started with, and stays when it is asked to.
const { ONE, TWO, HOUSE } = process.env;
console.log(JSON.stringify({ cwd: process.cwd(), script: __filename, args: process.argv.slice(2), ONE, TWO, HOUSE }));
if (process.argv.includes('stay')) setInterval(() => {}, 1_000);

const lines = [];
const { write } = process.stdout;
process.stdout.write = function (text, ...rest) { lines.push(String(text)); return write.call(this, text, ...rest); };
console.log('one');
Object.defineProperty(process, 'stderr', { value: process.stdout });
console.error('two');
console.log(JSON.stringify(lines));
process.exit();

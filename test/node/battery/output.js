process.stdout.write('a', () => console.log('written', new Error('here').stack));
process.stdout.cork();
process.stdout.write(Buffer.from('bytes\n'));
process.stdout.write('\u00e9t\u00e9\n', 'utf8');
process.stdout.write('6869', 'hex');
process.nextTick(() => process.stdout.uncork());
console.error('error %s', 'text');
process.stderr.write(new Uint8Array([104, 105, 10]));
console.log(Object.keys(process.stdout).includes('_write'), process.stdout._write.name, process.stdout._write.length, process.stdout.writableLength);
try { process.stdout.write(null); } catch (error) { console.log(error.stack); }
console.log('x'.repeat(300_000));
process.stdout.on('finish', () => console.error('finished'));

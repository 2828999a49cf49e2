const exit = process.exit;
process.exit = (code) => { console.log('asked for', code); exit.call(process, code + 1); };
process.exit(1);

console.log('260 & 255');
process.exit(260);

try { require('child_process').spawn('true', { uid: 1e9, gid: -1 }); } catch (error) { console.log(error.stack); }
console.log('done');

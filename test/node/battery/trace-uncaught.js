// flags: --trace-uncaught
function thrower() { throw 'a string'; }
setTimeout(thrower, 1);

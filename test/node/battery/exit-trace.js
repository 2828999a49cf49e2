// flags: --trace-exit
function quit() { process.exit(1); }
quit();

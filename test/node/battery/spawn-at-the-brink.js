// A call for a child with hardly any stack left: the program sees the same end whatever the observer needed.
const { spawnSync } = require('child_process');
let depth = 0;
function deep() { depth++; deep(); }
try { deep(); } catch (error) { console.log(error.name, depth > 1000); }
console.log(spawnSync('sh', ['-c', 'exit 4']).status);

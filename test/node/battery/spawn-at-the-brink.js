// Calls with hardly any stack left: whatever the observer needs of it, the program finds everything as it was.
const { spawn, spawnSync } = require('child_process');
const looks = () => JSON.stringify([Error.stackTraceLimit, typeof Error.prepareStackTrace, typeof new Error('x').stack, Reflect.ownKeys(Error)]);
const before = looks();
const child = spawn('sleep', ['20'], { stdio: 'ignore' });
let deepest = 0;
function fall(depth) { deepest = depth; fall(depth + 1); }
try { fall(0); } catch (error) { console.log(error.name, deepest > 1000); }
function descend(depth, act) { return depth === 0 ? act() : descend(depth - 1, act); }
let killed = 0;
for (let left = 0; left < 1500; left += 3) {
  try { descend(deepest - left, () => { killed += child.kill('SIGCONT') ? 1 : 0; }); } catch (error) { if (!(error instanceof RangeError)) throw error; }
  if (looks() !== before) { console.log('changed', looks()); break; }
}
console.log(killed > 0, before);
console.log(spawnSync('sh', ['-c', 'exit 4']).status);
child.kill('SIGKILL');

/* The sync forms block the whole process until the program has ended: fine in a script, never in a server. */
const { execFileSync, execSync, spawnSync } = require('node:child_process');

if (process.argv[2] === 'child') {
  process.exit(6);
} else {
  console.log('spawnSync:', spawnSync(process.execPath, [__filename, 'child']).status);
  console.log('spawnSync killed by its timeout:', spawnSync('sleep', ['60'], { timeout: 200 }).signal);
  console.log('execFileSync:', execFileSync('echo', ['a program']).toString().trim());
  try {
    execSync('echo a shell >&2; exit 7', { stdio: 'inherit' });
  } catch (error) {
    console.log('execSync:', error.status);
  }
}

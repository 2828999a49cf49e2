/* detached + unref: the child has a session of its own and the parent does not wait for it. It lives on alone. */
const { spawn } = require('node:child_process');

if (process.argv[2] === 'child') {
  setTimeout(() => process.exit(5), 800);
} else {
  const child = spawn(process.execPath, [__filename, 'child'], { detached: true, stdio: 'ignore' });
  child.unref();
  console.log('the parent leaves');
}

// Every process inherits a copy of its parent's environment; a change to process.env holds for later children.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

console.log(process.argv[2] ?? 'parent');
for (const name of Object.keys(process.env).sort()) console.log(`  ${name}=${process.env[name]}`);
if (process.argv[2] !== 'child') {
  process.env.NODE_OPTIONS = '--no-warnings';
  spawnSync(process.execPath, [fileURLToPath(import.meta.url), 'child'], { stdio: 'inherit' });
}

// Processes that start processes: every level says how the one below has ended.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const level = Number(process.argv[2] ?? 0);
if (level < 2) {
  const child = fork(fileURLToPath(import.meta.url), [String(level + 1)]);
  console.log('level', level, 'saw', ...(await once(child, 'exit')));
}
process.exitCode = level;

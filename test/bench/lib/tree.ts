import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** A real tree of sleeping processes. */
export interface Tree {
  pid: number;
  end(): Promise<void>;
}

/** How many processes the machine has now, or how many of one process group; without zombies. */
export function processCount(group?: number): number {
  let count = 0;
  for (const name of readdirSync('/proc')) {
    if (!(Number(name) > 0)) continue;
    try {
      const text = readFileSync(`/proc/${name}/stat`, 'latin1');
      const [state, , pgid] = text.slice(text.lastIndexOf(')') + 2).split(' ');
      if ((group === undefined || Number(pgid) === group) && state !== 'Z') count++;
    } catch {
      // It ended meanwhile.
    }
  }
  return count;
}

async function until(what: string, condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; await wait(100)) if (condition()) return;
  throw new Error(`not within a minute: ${what}`);
}

/** Starts a tree of `count` processes (at least 2): shells with nine commands each below a shell. */
export async function startTree(count: number): Promise<Tree> {
  const groups = Math.floor((count - 1) / 10);
  const rest = count - 1 - groups * 10;
  const script = 'g=0; while [ $g -lt $1 ]; do g=$((g+1)); sh -c \'i=0; while [ $i -lt 9 ]; do i=$((i+1)); sleep 3600 & done; wait\' & done; '
    + 'r=0; while [ $r -lt $2 ]; do r=$((r+1)); sleep 3600 & done; wait';
  const root = spawn('sh', ['-c', script, 'sh', String(groups), String(rest)], { detached: true, stdio: 'ignore' });
  const pid = root.pid ?? 0;
  const ended = new Promise((resolve) => root.once('exit', resolve));
  const end = async (): Promise<void> => {
    process.kill(-pid, 'SIGKILL');
    await ended;
    await until('the tree has ended', () => processCount(pid) === 0);
  };
  try {
    await until(`a tree of ${count}`, () => processCount(pid) === count);
  } catch (error) {
    await end();
    throw error;
  }
  return { pid, end };
}

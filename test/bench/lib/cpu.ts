import { readFileSync } from 'node:fs';

/** CPU ms of this process's children that ended and were reaped, and of theirs (fields 16 and 17 of its stat row, in ticks of 10 ms). */
function childrenCpu(): number {
  const text = readFileSync('/proc/self/stat', 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

function ownCpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** CPU ms that this process and everything it started (and reaped) have used so far. */
export const cpuSoFar = (): number => ownCpu() + childrenCpu();

/** CPU ms of one call, together with everything it started; `calls` of them are measured as one, because children count in 10 ms. */
export async function cpuOf(call: () => unknown, calls: number): Promise<number> {
  const before = cpuSoFar();
  for (let i = 0; i < calls; i++) {
    const result = call();
    if (result instanceof Promise) await result;
  }
  return (cpuSoFar() - before) / calls;
}

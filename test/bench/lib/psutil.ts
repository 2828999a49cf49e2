import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const source = `
import sys, time, psutil
root = psutil.Process(int(sys.argv[1]))
fields = ['pid', 'ppid', 'name', 'status', 'cpu_times', 'memory_info', 'num_threads']
for line in sys.stdin:
    calls = int(line)
    began = time.process_time()
    for _ in range(calls):
        found = 0
        for process in [root, *root.children(recursive=True)]:
            with process.oneshot():
                process.as_dict(fields)
            found += 1
    print((time.process_time() - began) * 1000 / calls, found, flush=True)
`;

/** A live Python that looks at the tree of `pid` with psutil when told to, and says what CPU ms one look cost it. */
export function psutilOn(pid: number, env: NodeJS.ProcessEnv): { look: (calls: number) => Promise<{ cpu: number; found: number }>; end: () => void } {
  const child = spawn('python3', ['-c', source, String(pid)], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    look: async (calls) => {
      child.stdin.write(`${calls}\n`);
      const { value } = (await lines.next()) as { value: string | undefined };
      const [cpu = Number.NaN, found = 0] = (value ?? '').split(' ').map(Number);
      return { cpu, found };
    },
    end: () => child.kill('SIGKILL'),
  };
}

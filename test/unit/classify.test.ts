import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helperName, nameFromCommand, runtimeFromCommand } from '../../src/core/classify';

const cases: { argv: string[]; name: string; helper?: boolean; runtime?: 'python' | 'node' | 'other' }[] = [
  { argv: ['/usr/bin/python3.11', '-u', 'app.py', 'x'], name: 'app.py', runtime: 'python' },
  { argv: ['python', '-X', 'dev', '-W', 'error', '/a/b/app.py'], name: 'app.py', runtime: 'python' },
  { argv: ['python3', '-Im', 'http.server', '8000'], name: 'http.server', runtime: 'python' },
  { argv: ['C:\\Python\\python.exe', 'app.py'], name: 'app.py', runtime: 'python' },
  { argv: ['python3', '-c', 'print(1)'], name: 'python3 -c', runtime: 'python' },
  { argv: ['python3', '-c', 'from multiprocessing.resource_tracker import main;main(5)'], name: 'resource tracker', helper: true, runtime: 'python' },
  { argv: ['python3', '-s', '-c', "from multiprocessing.forkserver import main; main(3, 4, ['__main__'], **{})"], name: 'fork server', helper: true, runtime: 'python' },
  { argv: ['python3', '-c', 'from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5)', '--multiprocessing-fork'], name: 'python3 -c', runtime: 'python' },
  { argv: ['python3', '/x/site-packages/debugpy/adapter', '--for-server', '1'], name: 'debug adapter', helper: true, runtime: 'python' },
  { argv: ['node', '--require', './hook.js', 'server.mjs'], name: 'server.mjs', runtime: 'node' },
  { argv: ['node', '-e', '1'], name: 'node -e', runtime: 'node' },
  { argv: ['node', '/usr/local/bin/npm', 'run', 'build'], name: 'npm run build', helper: true, runtime: 'node' },
  { argv: ['npm run start'], name: 'npm run start', helper: true },
  { argv: ['/bin/sh', '-c', 'node x'], name: 'sh', helper: true },
  { argv: ['bash', '-lc', 'x'], name: 'bash', helper: true },
  { argv: ['/bin/sh', './pipeline.sh', '-c'], name: 'sh', helper: true },
  { argv: ['/bin/sh', './pipeline.sh'], name: 'pipeline.sh' },
  { argv: ['-bash'], name: 'bash' },
  { argv: ['sleep', '5'], name: 'sleep' },
  { argv: [], name: 'process' },
];

for (const { argv, name, helper = false, runtime = 'other' } of cases) {
  test(`${argv.join(' ') || 'no command line'} is called ${name}${helper ? ', a helper' : ''}`, () => {
    assert.deepEqual([nameFromCommand(argv), helperName(argv) !== undefined, runtimeFromCommand(argv)], [name, helper, runtime]);
  });
}

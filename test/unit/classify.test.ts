import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helperName, nameFromCommand } from '../../src/core/classify';
import { runtimeFromCommand } from '../../src/core/interpreters';

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
  { argv: ['python3', '-m', 'pkg.mod', 'x'], name: 'pkg.mod', runtime: 'python' },
  { argv: ['python3', '-c', 'from multiprocess.resource_tracker import main;main(5)'], name: 'resource tracker', helper: true, runtime: 'python' },
  { argv: ['uv', 'run', '--with', 'x', 'app.py'], name: 'uv run --with x app.py', helper: true },
  { argv: ['uv', 'pip', 'install', 'x'], name: 'uv' },
  { argv: ['/usr/bin/python3', '/usr/bin/poetry', 'run', 'python', 'app.py'], name: 'poetry run python app.py', helper: true, runtime: 'python' },
  { argv: ['/usr/bin/python3', '-m', 'pipenv', 'run', 'app'], name: 'pipenv run app', helper: true, runtime: 'python' },
  { argv: ['/usr/bin/python3', '/usr/bin/poetry', 'install'], name: 'poetry', runtime: 'python' },
  { argv: ['node', '/usr/lib/node_modules/npm/bin/npx-cli.js', 'cowsay'], name: 'npx cowsay', helper: true, runtime: 'node' },
  { argv: ['node', '/usr/lib/node_modules/corepack/dist/pnpm.js', 'exec', 'vitest'], name: 'pnpm exec vitest', helper: true, runtime: 'node' },
  { argv: ['node', '.yarn/releases/yarn-3.6.1.cjs', 'dev'], name: 'yarn dev', helper: true, runtime: 'node' },
  { argv: ['node', '/x/ms-vscode.js-debug/src/watchdog.js'], name: 'debug watchdog', helper: true, runtime: 'node' },
  { argv: ['node', '-e', 'const c = require("net").createConnection(process.env.NODE_INSPECTOR_IPC);'], name: 'debug announcer', helper: true, runtime: 'node' },
  { argv: ['ps', '-A', '-o', 'ppid,pid'], name: 'ps', helper: true },
  { argv: ['/usr/bin/uname', '-p'], name: 'uname', helper: true },
  { argv: ['env'], name: 'env', helper: true },
  { argv: ['/usr/bin/env', '-u', 'HOME', 'A=1', 'python3', 'app.py'], name: 'app.py' },
  { argv: ['/usr/bin/env', 'bash', '/root/.pyenv/libexec/pyenv-hooks', 'exec'], name: 'pyenv-hooks', helper: true },
  { argv: ['bash', '/root/.pyenv/libexec/pyenv-which', 'python3'], name: 'pyenv-which', helper: true },
  { argv: ['bash', '/root/.pyenv/shims/python3', 'app.py'], name: 'app.py' },
  { argv: ['bash', '/root/.pyenv/libexec/pyenv', 'exec', 'python3', '-m', 'pytest'], name: 'pytest' },
  { argv: ['bash', '/root/.pyenv/libexec/pyenv-exec', 'python3', '-c', '1'], name: 'python3 -c' },
  { argv: ['bash', '/home/me/myenv/bin/run.sh'], name: 'run.sh' },
  { argv: ['python3', '-X', 'frozen_modules=off', '/x/debugpy/_vendored/pydevd/pydevd.py', '--port', '5678', '--client', '127.0.0.1', '--multiprocess', '--file', 'app.py', '--file', 'x'], name: 'app.py', runtime: 'python' },
  { argv: ['python3', '/x/pydevd.py', '--module', '--port', '5678', '--file', 'pkg.mod'], name: 'pkg.mod', runtime: 'python' },
  { argv: ['python3', '-m', 'debugpy', '--listen', '5678', '--wait-for-client', 'app.py'], name: 'app.py', runtime: 'python' },
  { argv: ['python3', '/x/debugpy', '--connect', '127.0.0.1:5678', '--configure-qt', 'none', '-m', 'pkg'], name: 'pkg', runtime: 'python' },
  { argv: ['python3', '/x/debugpy/launcher', '5678', '--', 'app.py'], name: 'debug launcher', helper: true, runtime: 'python' },
  { argv: [], name: 'process' },
];

for (const { argv, name, helper = false, runtime = 'other' } of cases) {
  test(`${argv.join(' ') || 'no command line'} is called ${name}${helper ? ', a helper' : ''}`, () => {
    assert.deepEqual([nameFromCommand(argv), helperName(argv) !== undefined, runtimeFromCommand(argv)], [name, helper, runtime]);
  });
}

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runObserved } from './report';

/** What real processes are called. */

const folder = mkdtempSync(join(tmpdir(), 'procession-names-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const skip = process.platform !== 'linux' && 'reads /proc';

function program(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function names(argv: string[]): Promise<string[]> {
  const { report } = await runObserved({ argv, cwd: folder, env: process.env });
  return report.members.filter(({ role }) => role !== 'helper').map(({ name }) => name);
}

test('programs that import multiprocessing are called by their scripts, but for the first of the run', { skip }, async () => {
  for (const name of ['server.py', 'indexer.py']) program(name, 'import multiprocessing, time\ntime.sleep(0.2)\n');
  mkdirSync(join(folder, 'jobs'), { recursive: true });
  for (const name of ['__init__.py', 'mailer.py']) program(`jobs/${name}`, 'import multiprocessing\n');
  const path = program('all.py', `
import multiprocessing, subprocess, sys
for arguments in (['server.py'], ['indexer.py'], ['-m', 'jobs.mailer']):
    subprocess.Popen([sys.executable] + arguments).wait()
`);
  assert.deepEqual(await names(['python3', path]), ['MainProcess', 'server.py', 'indexer.py', 'jobs.mailer']);
});

test('a process that renames itself by prctl(2) is called so, and its forked children as they rename themselves', { skip }, async () => {
  const path = program('renamed.py', `
import ctypes, os, time
PR_SET_NAME = 15
for name in (b'resizer', b'uploader'):
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(PR_SET_NAME, name, 0, 0, 0)
        time.sleep(2)
        os._exit(0)
os.wait(), os.wait()
`);
  assert.deepEqual((await names(['python3', path])).sort(), ['renamed.py', 'resizer', 'uploader']);
});

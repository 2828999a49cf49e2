import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import { HumanError } from '../../src/core/errors';
import type { Report } from '../../src/core/report';
import { Launcher } from '../../src/launch/launcher';
import { createRunDirectory } from '../../src/observe/record/runDirectory';

/** Arguments, variables, folders and programs whose bytes are no text: they arrive as they do without us, or it is said that they can't. */

const cli = resolve(import.meta.dirname, '../../dist/cli.js');
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'procession-bytes-')));
after(() => rmSync(folder, { recursive: true, force: true }));
const python = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).stdout?.trim() ?? '';
const skip = process.platform !== 'linux' ? 'the system tells no bytes' : python === '' ? 'needs Python' : false;
const skipWords = skip || (!existsSync('/usr/bin/perl') && 'needs perl');

/** Becomes a program by execve(2) itself: Node could not give it these bytes, nor such an environment. */
const exact = join(folder, 'exact.py');
writeFileSync(exact, `
import ctypes, json, os, sys
what = json.loads(sys.argv[1])
array = lambda words: (ctypes.c_char_p * (len(words) + 1))(*[bytes.fromhex(word) for word in words], None)
os.chdir(bytes.fromhex(what['cwd']))
if what['gone']: os.rmdir(bytes.fromhex(what['cwd']))
ctypes.CDLL(None).execve(bytes.fromhex(what['argv'][0]), array(what['argv']), array(what['env']))
`);

/** latin1 in all of these: a character is a byte. */
interface What {
  argv: string[];
  env?: string[];
  cwd?: string;
  gone?: boolean;
}

const path = `PATH=${process.env.PATH ?? ''}`;
const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
function become({ argv, env = [path], cwd = folder, gone = false }: What): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(python, ['-I', exact, JSON.stringify({ argv: argv.map(hex), env: env.map(hex), cwd: hex(cwd), gone })], { encoding: 'latin1' });
  return { status, stdout, stderr };
}

const report = join(folder, 'report.json');
const procession = (what: What, options: string[] = ['--report', report]) => become({ ...what, argv: [process.execPath, cli, 'run', ...options, '--', ...what.argv] });
const reported = (): Report => JSON.parse(readFileSync(report, 'utf8')) as Report;

const show = join(folder, 'show.py');
writeFileSync(show, `
import os, sys
with open('/proc/self/environ', 'rb') as file: given = file.read()
print([os.fsencode(word) for word in sys.argv[1:]], given if '--raw' in sys.argv else sorted(os.environb.items()))
print([line for line in open('/proc/self/status') if line.startswith(('SigIgn', 'SigBlk'))], sorted(os.listdir('/proc/self/fd')), os.getsid(0) == os.getpid())
`);

describe('bytes that are no UTF-8', { skip }, () => {
  const arrive = (name: string, what: What, options: { skip?: string | false } = {}): void => {
    test(`${name} arrive as they do without us`, options, () => {
      const { stdout: told, ...bare } = become({ ...what, argv: ['/usr/bin/env', 'setsid', '--wait', ...what.argv] });
      for (const extra of [['--report', report], ['--no-probe', '--report', report]]) {
        const { stdout, ...observed } = procession(what, extra);
        assert.deepEqual(stdout, told, extra.join(' '));
        assert.deepEqual(observed, bare);
      }
    });
  };
  arrive('arguments', { argv: [python, show, 'caf\xe9', '\xff\xfe', '\xc3\xbc', '', 'it\'s "$HOME"\n\\', ''] }, { skip: skipWords });
  arrive('variables', { argv: [python, show], env: [path, 'NAME=caf\xe9', 'PYTHONPATH=/nowhere/caf\xe9', 'NODE_OPTIONS=--no-warnings'] }, { skip: skipWords });
  arrive('variables that Python and Node don\'t look at', { argv: [python, show], env: [path, 'NAME=caf\xe9'] });
  arrive('entries without a name or a value, and such as stand twice,', { argv: [python, show], env: [path, 'TWICE=1', 'nothing', '=x', 'TWICE=2', 'a.b=c', 'EMPTY='] });
  arrive('arguments, in an environment with entries without a name, a locale that is not there, and a setting of perl\'s', { argv: [python, show, '\xe9'], env: [path, 'nothing', '=x', 'LC_ALL=xx_YY', 'PERL_BADLANG=1', 'PERL_UNICODE=SDA', 'PERLIO=:utf8'] }, { skip: skipWords });

  test('without the probe, the environment is the same to the last byte', () => {
    const env = [path, 'TWICE=1', 'nothing', 'TWICE=2', 'NAME=\xe9'];
    const what = { argv: [python, '-I', show, '--raw'], env };
    assert.equal(procession(what, ['--no-probe']).stdout.split('\n')[0], become(what).stdout.split('\n')[0]);
  });

  test('the program itself is found by its bytes, in the path and in the folder', { skip: skipWords }, () => {
    const bin = Buffer.from(join(folder, 'bin-\xe9'), 'latin1');
    mkdirSync(bin);
    symlinkSync(python, Buffer.concat([bin, Buffer.from('/py-\xe8', 'latin1')]));
    const places: What[] = [
      { argv: ['py-\xe8', '-c', 'print(1)'], env: [`${path}:${bin.toString('latin1')}`] },
      { argv: ['./py-\xe8', '-c', 'print(1)'], cwd: bin.toString('latin1') },
      { argv: [`${bin.toString('latin1')}/py-\xe8`, '-c', 'print(1)'] },
    ];
    for (const what of places) assert.deepEqual(procession(what), { status: 0, stdout: '1\n', stderr: '' });
    assert.deepEqual(reported().members.map(({ argv, pid }) => [argv[0], pid > 0]), [[`${folder}/bin-\\xe9/py-\\xe8`, true]]);
    const missing = procession({ argv: ['no-\xe8'] });
    assert.deepEqual([missing.status, missing.stderr], [127, 'procession: The program no-\\xe8 was not found. Check its name and PATH.\n']);
  });

  test('exit codes and signals are those of the program, whose pid is that of the root', { skip: skipWords }, () => {
    assert.equal(procession({ argv: [python, '-c', 'raise SystemExit(7)', '\xe9'] }).status, 7);
    assert.equal(procession({ argv: [python, '-c', 'import os; os.kill(os.getpid(), 9)', '\xe9'] }).status, 137);
    const { stdout } = procession({ argv: [python, '-c', 'import os; print(os.getpid())', 'caf\xe9'] });
    const [root] = reported().members;
    assert.deepEqual([String(root?.pid), root?.role, root?.argv.at(-1), root?.runtime], [stdout.trim(), 'root', 'caf\\xe9', 'python']);
    assert.deepEqual(reported().run.command.at(-1), 'caf\\xe9');
  });

  test('what a member was given is readable in the report, which is JSON that any reader takes', () => {
    const child = join(folder, 'child.py');
    writeFileSync(child, 'import subprocess, sys\nsubprocess.run(["sleep", b"0.3"], cwd=sys.argv[1].encode())\nsubprocess.run(["sh", "-c", "exit 3", b"caf\\xe9"])\n');
    assert.equal(procession({ argv: [python, child, folder] }).status, 0);
    assert.deepEqual(reported().members.at(-1)?.argv, ['sh', '-c', 'exit 3', 'caf\\xe9']);
    assert.doesNotMatch(readFileSync(report, 'utf8'), /\\ud[89a-f]|\uFFFD/i);
  });

  test('a folder that is gone, or no UTF-8, is the program\'s folder all the same', () => {
    const gone = join(folder, 'gone');
    const where = 'import os\ntry: print(os.getcwdb())\nexcept OSError as error: print(error)';
    mkdirSync(gone);
    assert.equal(procession({ argv: [python, '-c', where], cwd: gone, gone: true }).stdout, '[Errno 2] No such file or directory\n');
    const strange = Buffer.from(join(folder, 'here-\xe9'), 'latin1');
    mkdirSync(strange);
    const cwd = strange.toString('latin1');
    assert.equal(procession({ argv: [python, '-c', where], cwd }).stdout, `b'${folder}/here-\\xe9'\n`);
    assert.equal(reported().run.cwd, `${folder}/here-\\xe9`);
    for (const args of [['run', '--record', 'rec', '--', 'true'], ['open', 'rec']]) {
      const { status, stderr } = become({ argv: [process.execPath, cli, ...args], cwd });
      assert.equal(status, 2);
      assert.match(stderr, /rec can't be found from the folder .*here-\\xe9, which is gone or whose name is no UTF-8\. Name it by its absolute path/);
    }
    assert.deepEqual(readdirSync(strange), []);
  });

  test('a report can have such a name; a record can\'t, which is said before anything runs', () => {
    const before = readdirSync(folder, { encoding: 'buffer' }).length;
    for (const option of [['--report', `${folder}/rep-\xe9`], [`--report=${folder}/rep-\xe8`]]) assert.equal(procession({ argv: ['true'] }, option).status, 0);
    const made = readdirSync(folder, { encoding: 'buffer' }).map((name) => name.toString('latin1')).filter((name) => name.startsWith('rep-'));
    assert.deepEqual(made.sort(), ['rep-\xe8', 'rep-\xe9']);
    for (const args of [['run', '--record', `${folder}/rec-\xe9`, '--', 'sh', '-c', 'echo ran'], ['open', `${folder}/rec-\xe9`]]) {
      const { status, stdout, stderr } = become({ argv: [process.execPath, cli, ...args] });
      assert.deepEqual([status, stdout], [2, '']);
      assert.match(stderr, /rec-\\xe9 is no UTF-8, and a run directory can't have such a name/);
    }
    assert.equal(readdirSync(folder).length, before + 2);
  });
});

describe('limits of the system', { skip }, () => {
  const environment = { PATH: process.env.PATH ?? '' };
  const run = (argv: string[], env: NodeJS.ProcessEnv = environment): ReturnType<typeof spawnSync> => spawnSync(process.execPath, [cli, 'run', '--report', report, '--', ...argv], { encoding: 'utf8', env });

  test('arguments that leave no room for the variables of the probes: the program runs as without us, seen from outside only', () => {
    // One argument may have 128 kB, all of them a quarter of the stack's limit (execve(2)).
    const fill = (rest: number): string[] => [...Array<string>(20).fill('x'.repeat(100_000)), 'y'.repeat(rest)];
    const look = [python, '-I', '-c', 'import os, sys; print(len(sys.argv), os.environ.get("PROCESSION"))'];
    let [most, tooMany] = [0, 100_000];
    while (tooMany - most > 20) {
      const middle = (most + tooMany) >> 1;
      if (run([...look, ...fill(middle)]).error) tooMany = middle;
      else most = middle;
    }
    const { stdout, stderr, status } = run([...look, ...fill(most)]);
    assert.deepEqual([stdout, stderr, status], ['22 None\n', '', 0]);
    const { members, problems } = reported();
    assert.match(problems.messages.map(({ message }) => message).join(), /leave no room for those of the probes/);
    assert.equal(members.length, 1);
  });

  test('arguments that are more than the system takes: said with what to do, as the shell\'s status says it', async () => {
    const directory = join(folder, 'too-long');
    createRunDirectory(directory);
    const launcher = new Launcher({ run: directory, id: 'x', argv: ['true', 'x'.repeat(200_000)], cwd: folder, env: environment, output: 'keep', copies: false, probes: '/nowhere' });
    await assert.rejects(launcher.launch(), (error: unknown) => error instanceof HumanError && error.status === 126 && /true could not be started \(E2BIG\).* Pass them in a file, or in parts with xargs/.test(error.message));
    launcher.close();
  });

  test('a hundred thousand variables', () => {
    const env = { ...environment, ...Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`V${i}`, 'v'])) };
    const { stdout, status } = run([python, '-c', 'import os; print(len([name for name in os.environ if name[0] == "V"]), os.environ["V99999"])'], env);
    assert.deepEqual([stdout, status], ['100000 v\n', 0]);
  });
});

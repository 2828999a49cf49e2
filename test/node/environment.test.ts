import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { ancestor, environmentFor, execute, makeRun, nodes, observe, probes, readEvents } from './observed';

const folder = mkdtempSync(join(tmpdir(), 'procession-node-environment-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const option = (file: string): string => `--require ${JSON.stringify(file)}`;
const ours = option(join(probes, 'node', 'probe.cjs'));
const boot = join(probes, 'python', 'boot');
const { PATH } = process.env;

/** Runs a program that spawns `env` with `options`, and returns the variables which that printed. */
async function childEnvironment(node: string, options: string, env: NodeJS.ProcessEnv): Promise<Record<string, string>> {
  const code = `process.stdout.write(require('child_process').spawnSync('env', ['-0'], ${options}).stdout)`;
  const { outcome } = await observe(node, ['-e', code], { env: { PATH, ...env } });
  return Object.fromEntries(outcome.stdout.split('\0').filter(Boolean).map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

const compiled = (version: string): string[] => readdirSync(join(probes, 'node')).filter((file) => file.startsWith(`probe.cjs.v${version}-`));

for (const node of nodes) {
  describe(`Node ${node.version}: the probe as it was compiled`, () => {
    const path = join(folder, 'plain.js');
    writeFileSync(path, 'console.log(1)');
    const ran = async (...options: string[]): Promise<void> => {
      const observed = await observe(node.path, [...options, path], { env: { PATH } });
      const { stdout, stderr, code } = observed.outcome;
      assert.deepEqual({ stdout, stderr, code, starts: observed.of('start').length }, { stdout: '1\n', stderr: '', code: 0, starts: 1 });
    };
    const kept = (): string => {
      const [file, ...others] = compiled(node.version);
      assert.ok(file !== undefined && others.length === 0, `one file is kept: ${file} ${others.join(' ')}`);
      return join(probes, 'node', file);
    };

    test('is kept by a start without options, and taken by all', async () => {
      for (const file of compiled(node.version)) rmSync(join(probes, 'node', file));
      await ran('--max-old-space-size=300');
      assert.deepEqual(compiled(node.version), []);
      await ran();
      const { mtimeMs, size, mode } = statSync(kept());
      assert.ok(size > 8_000 && (mode & 0o077) === 0, `${size} bytes, mode ${mode.toString(8)}`);
      for (const options of [[], ['--max-old-space-size=300'], ['--no-opt'], ['--enable-source-maps']]) await ran(...options);
      assert.equal(statSync(kept()).mtimeMs, mtimeMs);
    });

    test('is not taken when it is broken', async () => {
      await ran();
      const whole = readFileSync(kept());
      for (const broken of [Buffer.alloc(0), Buffer.from('x'), whole.subarray(0, 100), whole.subarray(0, -100), Buffer.alloc(whole.length, 1)]) {
        writeFileSync(kept(), broken);
        await ran();
      }
      rmSync(kept());
    });
  });

  describe(`Node ${node.version}: the environment`, { concurrency: 2, timeout: 60_000 }, () => {
    test('children get ours before their own', async () => {
      const env = await childEnvironment(node.path, '{}', { NODE_OPTIONS: '--no-warnings', PYTHONPATH: '/mine' });
      const { PROCESSION = '', ...rest } = env;
      assert.match(PROCESSION, /^1\|\d+\.\d+\|(?:n\d+)?\|\/.*run\|/);
      assert.deepEqual(rest, { PATH, NODE_OPTIONS: `${ours} --no-warnings`, PYTHONPATH: `${boot}:/mine` });
    });

    test('children with an environment of their own get it too, once', async () => {
      const cleared = await childEnvironment(node.path, "{ env: { PATH: process.env.PATH } }", {});
      assert.deepEqual([cleared.NODE_OPTIONS, cleared.PYTHONPATH], [ours, boot]);
      const empty = await childEnvironment(node.path, "{ env: { PATH: process.env.PATH, PYTHONPATH: '', NODE_OPTIONS: '' } }", {});
      assert.deepEqual([empty.NODE_OPTIONS, empty.PYTHONPATH], [`${ours} `, `${boot}:`]);
      const held = `--no-warnings ${ours}`;
      const twice = await childEnvironment(node.path, `{ env: { PATH: process.env.PATH, NODE_OPTIONS: ${JSON.stringify(held)} } }`, {});
      assert.equal(twice.NODE_OPTIONS, held);
    });

    test('a debugger\'s own process is left alone', async () => {
      const env = await childEnvironment(node.path, "{ env: { PATH: process.env.PATH, NODE_INSPECTOR_INFO: '{}' } }", {});
      assert.equal(env.NODE_OPTIONS, undefined);
    });

    test('a Node that would not come up with a preload, or comes up without one, is left alone', async () => {
      const path = join(folder, `alone${node.major}.js`);
      const code = 'console.log(Object.keys(process.env).filter((name) => name !== "NODE_OPTIONS").sort().join(), process.env.NODE_OPTIONS)';
      writeFileSync(path, code);
      const permission = node.major < 22 ? '--experimental-permission' : '--permission';
      const starts = [
        [permission, '-e', code],
        [permission, `--allow-fs-read=${node.major < 22 ? path : folder}`, ...(node.major < 22 ? [path] : ['-p', '1'])],
        ['--snapshot-blob', join(folder, `blob${node.major}`), '--build-snapshot', path],
      ];
      for (const args of starts) {
        const alone = await execute(node.path, args, { env: { PATH } });
        const { outcome } = await observe(node.path, args, { env: { PATH } });
        assert.deepEqual({ ...outcome, stderr: outcome.stderr.replace(/node:\d+/, '') }, { ...alone, stderr: alone.stderr.replace(/node:\d+/, '') });
        assert.equal(outcome.code, 0);
        const starter = join(folder, `starter${node.major}.js`);
        writeFileSync(starter, `process.stdout.write(require('child_process').spawnSync(process.execPath, ${JSON.stringify(args)}, { env: { PATH: process.env.PATH } }).stdout)`);
        assert.equal((await observe(node.path, [starter], { env: { PATH } })).outcome.stdout, alone.stdout);
      }
    });

    test('the options of a script are not Node\'s', async () => {
      const path = join(folder, 'options.js');
      writeFileSync(path, '');
      for (const args of [[path, '--permission', '-e'], ['--require', path, path, '--experimental-permission']]) assert.equal((await observe(node.path, args, { env: { PATH } })).of('start').length, 1);
    });

    test('options that others put before ours', async () => {
      const other = join(folder, 'other.cjs');
      writeFileSync(other, '');
      const run = makeRun();
      const env = environmentFor(run, { env: { PATH } });
      const before = { ...env, NODE_OPTIONS: `${option(other)} ${env.NODE_OPTIONS} --no-warnings`, PYTHONPATH: `/first:${boot}:/last` };
      const { stdout } = await execute(node.path, ['-p', 'JSON.stringify(process.env)'], { env: before });
      assert.deepEqual(JSON.parse(stdout), { PATH, NODE_OPTIONS: `${option(other)} --no-warnings`, PYTHONPATH: '/first:/last' });
      assert.equal(readEvents(run).length, 2);
    });

    test('a probe that is reached through a symbolic link', async () => {
      const link = join(folder, `link${node.major}`);
      symlinkSync(probes, link);
      const run = makeRun();
      const through = option(join(link, 'node', 'probe.cjs'));
      const env = { PATH, PROCESSION: `1|${ancestor}||${run}`, NODE_OPTIONS: through, PYTHONPATH: join(link, 'python', 'boot') };
      const code = "console.log(JSON.stringify(process.env), require('child_process').execSync('echo $NODE_OPTIONS', { encoding: 'utf8' }))";
      const { stdout } = await execute(node.path, ['-e', code], { env });
      assert.equal(stdout, `${JSON.stringify({ PATH })} ${through}\n\n`);
    });

    test('a probe that was removed kills no child', async () => {
      const copy = mkdtempSync(join(folder, 'removed-'));
      mkdirSync(join(copy, 'node'));
      symlinkSync(join(probes, 'node', 'probe.cjs'), join(copy, 'node', 'probe.cjs'));
      const file = join(copy, 'node', 'probe.cjs');
      const run = makeRun();
      const code = `require('fs').unlinkSync(${JSON.stringify(file)}); console.log(require('child_process').execFileSync(process.execPath, ['-p', '1'], { encoding: 'utf8' }))`;
      const { stdout, stderr } = await execute(node.path, ['-e', code], { env: { PATH, PROCESSION: `1|${ancestor}||${run}`, NODE_OPTIONS: option(file) } });
      assert.deepEqual([stdout, stderr], ['1\n\n', '']);
    });
  });
}

// `npm test`: sets the clone up, runs every stage, or those that are named (`npm test -- unit python`),
// and ends with a table and a line `N passed, N failed`. Exits with 1 when anything failed.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

import { findPythons } from './interpreters.mjs';
import { build, installDependencies, repository } from './setup.mjs';

const node = process.execPath;
const stageLimit = 30 * 60_000;
/** so many lines of a failed test are said again at the end */
const linesOfAFailure = 40;
/** More failures than this are no accident of a busy machine: they are not tried again. */
const mostTriedAgain = 4;

/**
 * A stage gives its commands, or a text that says why there is nothing to do. `count` reads passed, failed and
 * skipped from a command's output; a stage that counts and finds no test has failed. `atOnce` commands run side by side.
 */
const stages = {
  lint: { commands: () => [command('eslint', node, ['node_modules/eslint/bin/eslint.js', '.']), command('layers and circles', node, ['node_modules/dependency-cruiser/bin/dependency-cruise.mjs', 'src'])] },
  types: { commands: () => [command('tsc', node, ['node_modules/typescript/bin/tsc', '--noEmit']), command('tsc of the page', node, ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'src/views/workload/webview'])] },
  unit: { commands: () => nodeTests('test/unit'), count: countNode },
  process: { commands: () => nodeTests('test/process'), count: countNode },
  node: { commands: () => nodeTests('test/node', { atOnce: 1 }), count: countNode, prepare: () => installer('test/node/install.mjs') },
  python: { commands: pythonTests, count: countUnittest, atOnce: 2 },
  zoo: { commands: () => [command('sample of the zoo', node, ['--import', 'tsx', 'test/zoo/run.ts', '--sample'])], count: countHost },
  host: { commands: hostTests, count: countHost, prepare: hostInstaller },
  package: { commands: () => (usesServer() ? nodeTests('test/host', { limit: 600_000, atOnce: 1 }) : 'needs the VS Code server, which is for Linux'), count: countNode, prepare: hostInstaller },
  bench: { commands: () => [command('smoke run of the benchmarks', node, ['--experimental-websocket', '--import', 'tsx', 'test/bench/run.ts', 'quick'])], count: countBench },
};

const besideHost = ['node', 'python'];

const command = (title, file, args, env = {}) => ({ title, file, args, env });

/** The tests run below a `npm`, whose settings for this package must not reach the programs that they start. */
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS$|INIT_CWD$)/i.test(name)));

/** `limit`: ms that one file of tests may take; `atOnce`: so many files run side by side, because most of what they do is to wait. */
function nodeTests(folder, { limit = 300_000, atOnce = 2 } = {}) {
  const files = list(folder).filter((name) => name.endsWith('.test.ts')).sort().map((name) => join(folder, name));
  // The editor has WebSocket always, Node 20 only if it is asked for.
  const run = (title, ...args) => command(title, node, ['--experimental-websocket', '--import', 'tsx', '--test', '--test-reporter=spec', `--test-timeout=${limit}`, ...args]);
  if (files.length === 0) return 'none';
  return [{ ...run(folder, `--test-concurrency=${atOnce}`, ...files), again: (file, name) => run(`${name}: failed, tried once more`, `--test-name-pattern=${exactly(name)}`, file) }];
}

/** A pattern of node:test for this name and no other. */
const exactly = (name) => `/^${name.replace(/[/\\^$.*+?()[\]{}|]/g, '\\$&')}$/`;

function pythonTests() {
  if (!list('test/python').some((name) => /^test_.*\.py$/.test(name))) return 'none';
  const pythons = findPythons();
  if (pythons.length === 0) return 'no Python found';
  const tests = (title, path, ...options) => command(title, path, ['-m', 'unittest', 'discover', '-s', 'test/python', '-t', 'test/python', ...options]);
  // A Python that has packages of which the others know nothing: see .ci/run.
  const packages = process.env.PROCESSION_TEST_PACKAGES;
  return [
    ...pythons.map(({ path, version, implementation }) => tests(`${implementation} ${version}`, path)),
    ...(packages ? ['packages', 'clocks', 'watched', 'stacks'].map((subject) => tests(`packages: ${subject}`, packages, '-p', `test_${subject}.py`)) : []),
  ];
}

/** The VS Code server stands in for a desktop VS Code where none was asked for. */
const usesServer = () => process.platform === 'linux' && !process.env.PROCESSION_DESKTOP_VSCODE;

function hostTests() {
  if (list('test/host/suite').length === 0) return 'none';
  if (!usesServer() && !process.env.PROCESSION_DESKTOP_VSCODE) return 'set PROCESSION_DESKTOP_VSCODE=1 to run them in a desktop VS Code';
  return [command('tests inside VS Code', node, ['--import', 'tsx', 'test/host/run.ts'])];
}

function hostInstaller() {
  return usesServer() ? installer('test/host/install.mjs') : [];
}

function installer(file) {
  return existsSync(join(repository, file)) ? [command(file, node, [file])] : [];
}

/** The sums that node:test's spec reporter prints at its end. */
function countNode(output) {
  const sum = (name) => Number(new RegExp(`^ℹ ${name} (\\d+)`, 'm').exec(output)?.[1] ?? 0);
  return { passed: sum('pass'), failed: sum('fail') + sum('cancelled'), skipped: sum('skipped') + sum('todo') };
}

function countUnittest(output) {
  const [, ran] = /^Ran (\d+) tests? in/m.exec(output) ?? [];
  const part = (name) => Number(new RegExp(`^(?:OK|FAILED) \\(.*?\\b${name}=(\\d+)`, 'm').exec(output)?.[1] ?? 0);
  const failed = part('failures') + part('errors') + part('unexpected successes');
  const skipped = part('skipped') + part('expected failures');
  return { passed: Number(ran ?? 0) - failed - skipped, failed, skipped };
}

function countHost(output) {
  const [, passed, failed, skipped] = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/m.exec(output) ?? [];
  return { passed: Number(passed ?? 0), failed: Number(failed ?? 0), skipped: Number(skipped ?? 0) };
}

/** What a command's output says of each failed test: node:test's own summary, unittest's blocks, or the lines below a ✖ or a ⚠. */
function failuresIn(output) {
  const summary = /^✖ failing tests:\n([^]*)/m.exec(output)?.[1] ?? output;
  const failures = summary.match(/^[✖⚠] .*(?:\n[ \t]+.*|\n(?=\n?[ \t]))*|^={70}\n(?:FAIL|ERROR): [^]*?(?=\n={70}|\nRan \d|$(?![^]))/gm) ?? [];
  return failures.map((text) => text.trimEnd().split('\n').slice(0, linesOfAFailure).join('\n'));
}

/** The tests that node:test's summary names as failed: file and name. A suite fails by its tests, and is not in it. */
function failedTests(output) {
  const summary = /^✖ failing tests:\n([^]*)/m.exec(output)?.[1] ?? '';
  const found = [...summary.matchAll(/^test at (.+?):\d+:\d+\n✖ (.+) \([\d.]+ms\)$/gm)].map(([, file, name]) => ({ file, name }));
  // A file that ended in the middle is named like a test; no test has its name.
  return found.filter(({ file, name }) => basename(file) !== basename(name));
}

/** Runs the tests that failed once more, each alone. Resolves to those that passed then; they are told, not hidden. */
async function tryAgain(one, output, failed) {
  const tests = one.again ? failedTests(output) : [];
  if (tests.length !== failed || failed > mostTriedAgain) return [];
  const passed = [];
  for (const { file, name } of tests) {
    const again = one.again(file, name);
    console.log(`\n── ${again.title}`);
    const { status, output: second } = await execute(again);
    if (status === 0 && countNode(second).passed > 0) passed.push(name);
  }
  return passed;
}

/** The benchmarks have no thresholds: to have run to their end, which the name of the file of results tells, is all. */
function countBench(output) {
  return { passed: /^\S.*bench\.json$/m.test(output) ? 1 : 0, failed: 0, skipped: 0 };
}

/** Runs a command, passing its output on, or at its end where others run beside it; resolves to its status and what it printed. */
function execute({ file, args, env }, isAlone = true) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: repository, env: { ...environment, ...env }, stdio: ['ignore', 'pipe', 'pipe'], timeout: stageLimit });
    let output = '';
    for (const [stream, own] of [[child.stdout, process.stdout], [child.stderr, process.stderr]]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
        if (isAlone) own.write(text);
      });
    }
    child.on('error', (error) => resolve({ status: error.message, output }));
    child.on('close', (code, signal) => resolve({ status: code ?? signal, output }));
  });
}

/**
 * Runs stages, and gives their results in that order. The tests inside VS Code mostly wait for its window, so those of `besideHost` run
 * at the same time.
 */
async function runStages(names) {
  const beside = names.includes('host') ? names.filter((name) => besideHost.includes(name)) : [];
  const results = new Map();
  for (const name of names) {
    if (beside.includes(name)) continue;
    const others = name === 'host' ? beside : [];
    const running = runStage(name, others.length === 0);
    for (const other of others) results.set(other, await runStage(other, false));
    results.set(name, await running);
  }
  return names.map((name) => results.get(name));
}

/** Calls `run` for each item, at most `atOnce` at a time, in their order. Gives the promise of each. */
function sideBySide(items, atOnce, run) {
  const results = new Map();
  for (const [index, item] of items.entries()) {
    const before = [...results.values()].slice(0, index);
    results.set(item, index < atOnce ? run(item) : someEnded(before, index - atOnce + 1).then(() => run(item)));
  }
  return results;
}

/** Resolves when so many of the promises are settled. */
function someEnded(promises, count) {
  let ended = 0;
  return new Promise((resolve) => {
    for (const promise of promises) promise.finally(() => ++ended === count && resolve());
  });
}

/** Runs a stage to its end, all its commands, and tells what came of it. `isAlone`: no other stage runs beside it. */
async function runStage(name, isAlone = true) {
  const { commands, count, prepare, atOnce = 1 } = stages[name];
  const passesOn = isAlone && atOnce === 1;
  const started = Date.now();
  const sum = { passed: 0, failed: 0, skipped: 0 };
  const failures = [];
  const todo = commands();
  if (typeof todo === 'string') return { name, note: todo, ...sum, failures, milliseconds: 0 };
  for (const one of prepare?.() ?? []) await execute(one, isAlone);
  const results = sideBySide(todo, atOnce, (one) => {
    if (passesOn) console.log(`\n── ${name}: ${one.title}`);
    return execute(one, passesOn);
  });
  for (const one of todo) {
    const { status, output } = await results.get(one);
    if (!passesOn) console.log(`\n── ${name}: ${one.title}\n${output}`);
    const counted = count?.(output) ?? { passed: 0, failed: 0, skipped: 0 };
    const unsteady = counted.failed > 0 ? await tryAgain(one, output, counted.failed) : [];
    counted.failed -= unsteady.length;
    counted.passed += unsteady.length;
    failures.push(...unsteady.map((title) => `⚠ ${title}: failed at first, passed when tried again`));
    // A runner that broke before or after its tests, and one that found none, must not pass for a success.
    if (counted.failed === 0 && unsteady.length === 0 && (status !== 0 || (count && counted.passed + counted.skipped === 0))) counted.failed = 1;
    if (count) failures.push(...failuresIn(output));
    for (const key of Object.keys(sum)) sum[key] += counted[key];
  }
  return { name, note: sum.failed > 0 ? 'FAILED' : 'passed', ...sum, failures, milliseconds: Date.now() - started };
}

function printTable(results) {
  console.log(`\n${'stage'.padEnd(10)}${'passed'.padStart(8)}${'failed'.padStart(8)}${'skipped'.padStart(9)}${'seconds'.padStart(10)}  result`);
  for (const { name, note, passed, failed, skipped, milliseconds } of results) {
    const numbers = [String(passed).padStart(8), String(failed).padStart(8), String(skipped).padStart(9), (milliseconds / 1000).toFixed(1).padStart(10)];
    console.log(`${name.padEnd(10)}${numbers.join('')}  ${note}`);
  }
}

/** Once more at the end, where whoever reads only that finds them. */
function printFailures(results) {
  for (const { name, failures } of results) {
    for (const failure of failures) console.log(`\n── ${name}\n${failure}`);
  }
}

function list(folder) {
  return existsSync(join(repository, folder)) ? readdirSync(join(repository, folder)) : [];
}

async function main() {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !(name in stages));
  if (unknown.length > 0) throw new Error(`No stage ${unknown.join(', ')}. There are: ${Object.keys(stages).join(', ')}.`);
  if (!installDependencies()) throw new Error('The dependencies could not be installed.');
  const started = Date.now();
  const built = build();
  const results = [{ name: 'build', note: built ? 'passed' : 'FAILED', passed: 0, failed: built ? 0 : 1, skipped: 0, failures: [], milliseconds: Date.now() - started }];
  results.push(...(await runStages(wanted.length > 0 ? wanted : Object.keys(stages))));
  printFailures(results);
  printTable(results);
  const total = (key) => results.reduce((sum, result) => sum + result[key], 0);
  console.log(`\n${total('passed')} passed, ${total('failed')} failed`);
  process.exitCode = total('failed') > 0 ? 1 : 0;
}

main().catch((error) => {
  console.error(error.message);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
});

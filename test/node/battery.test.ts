import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { Node, Outcome } from './observed';
import { execute, nodes, observe } from './observed';

/**
 * Small programs that look closely at themselves: each must print and end just as it does alone. A program's head may
 * hold `// flags: …` for Node, `// env: NAME=value …` for its environment, `// from: MAJOR`, and `// unheard: why` where the probe can't tell.
 */
const folder = join(__dirname, 'battery');
const programs = readdirSync(folder).filter((file) => /\.m?js$/.test(file)).sort();

function header(text: string, key: string): string[] {
  return new RegExp(`^// ${key}: (.*)$`, 'm').exec(text)?.[1]?.split(' ') ?? [];
}

/** Process numbers differ from run to run, with and without a probe. */
function comparable({ stdout, stderr, code, signal }: Outcome): Outcome {
  const mask = (text: string): string => text.replace(/\(node:\d+\)/g, '(node:PID)').replace(/\bpid: \d+/g, 'pid: PID').replace(/^([A-Z_]+) \d+:/gm, '$1 PID:');
  return { stdout: mask(stdout), stderr: mask(stderr), code, signal };
}

async function compare(node: Node, program: string): Promise<void> {
  const text = readFileSync(join(folder, program), 'utf8');
  const args = [...header(text, 'flags'), program];
  const extra = Object.fromEntries(header(text, 'env').map((pair) => pair.split('=') as [string, string]));
  const { PATH, HOME } = process.env;
  const options = { cwd: folder, env: { HOME, PATH, ...extra } };
  let alone = await execute(node.path, args, options);
  const observed = await observe(node.path, args, { ...options, keepOutput: true });
  assert.equal(observed.events.length > 0, header(text, 'unheard').length === 0, 'the probe was there, and told what it could');
  assert.notEqual(alone.stdout + alone.stderr, '', 'the program printed something to compare');
  // Some end in one of two ways, as Node hears of a worker's end or of its error first: then it is run alone until that way is seen.
  for (let tries = 0; tries < 10 && !isDeepStrictEqual(comparable(observed.outcome), comparable(alone)); tries++) alone = await execute(node.path, args, options);
  assert.deepEqual(comparable(observed.outcome), comparable(alone));
}

for (const node of nodes) {
  describe(`Node ${node.version}: unchanged`, { concurrency: 2 }, () => {
    for (const program of programs) {
      const [from = '0'] = header(readFileSync(join(folder, program), 'utf8'), 'from');
      const skip = node.major < Number(from) ? `Node ${from} on` : false;
      test(program, { skip, timeout: 130_000 }, () => compare(node, program));
    }
  });
}

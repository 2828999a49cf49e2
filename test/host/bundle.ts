import { readdirSync, readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';

import { build } from 'esbuild';

/**
 * Bundles the tests of a folder, and the little that runs them, into one module for `extensionTestsPath`.
 * One file: an extension host loads it without a loader for TypeScript.
 */
export async function bundleTests(folder: string, outfile: string): Promise<void> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts')).sort();
  if (files.length === 0) throw new Error(`no tests in ${folder}`);
  const imports = files.map((name) => `import ${JSON.stringify(`./${name}`)};`).join('\n');
  await build({
    stdin: { contents: `${imports}\nexport { runTests as run } from ${JSON.stringify(join(__dirname, 'inside', 'testing.ts'))};`, resolveDir: folder, loader: 'ts' },
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    sourcemap: 'external',
    external: ['vscode', 'playwright-core'],
    logLevel: 'warning',
  });
}

/** Rewrites the places in a bundle that a stack trace names to the places in the source they were made from. */
export function mapStack(stack: string, bundle: string): string {
  const map = new SourceMap(JSON.parse(readFileSync(`${bundle}.map`, 'utf8')) as SourceMapPayload);
  return stack.replaceAll(new RegExp(`${bundle.replace(/[.\\\\]/g, '\\$&')}:(\\d+):(\\d+)`, 'g'), (place, line: string, column: string) => {
    const entry = map.findEntry(Number(line) - 1, Number(column) - 1);
    if (!('originalSource' in entry)) return place;
    const file = relative(process.cwd(), resolve(dirname(bundle), entry.originalSource));
    return `${file}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  });
}

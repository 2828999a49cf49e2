// Builds every target of the product into dist/: the extension, the command line, the Node probe,
// and a copy of the Python probe. Each is a bundle of its own, because each runs in another process.
import { build, context } from 'esbuild';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './src/launch/kept.mjs';
import { nodeProbe } from './src/probes/node/bundles.mjs';

const watch = process.argv.includes('--watch');
const root = import.meta.dirname;

/** Options that all targets share. Node 20 is the oldest runtime that any of them meets. */
const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  minify: !watch,
  sourcemap: watch ? 'linked' : false,
  legalComments: 'none',
  logLevel: watch ? 'info' : 'warning',
  absWorkingDir: root,
  // ps-list is an ES module that reads import.meta.url, which a CommonJS bundle does not have.
  define: { 'import.meta.url': '__importMetaUrl' },
  banner: { js: "const __importMetaUrl=require('url').pathToFileURL(__filename).href;" },
};

const targets = [
  { ...common, entryPoints: ['src/extension.ts'], outfile: 'dist/extension.js', external: ['vscode'] },
  { ...common, entryPoints: ['src/cli/main.ts'], outfile: 'dist/cli.js', banner: { js: `#!/usr/bin/env node\n${common.banner.js}` } },
  // A page of the results table has a browser around it, and may load nothing but this.
  { ...common, entryPoints: ['src/views/workload/webview/table.ts'], outfile: 'dist/workloadTable.js', platform: 'browser', format: 'iife', target: 'es2022', banner: {}, define: {} },
  nodeProbe('dist/probes/node', common),
];

/**
 * The README as VS Code can show it for an installed extension. It loads pictures from the network only and opens no files
 * of the extension, so a picture beside the text would be a broken one, and a link to a file would lead nowhere.
 */
function readmeOfPackage(text) {
  return text.replace(/^!\[[^\]]*\]\((?!https:)[^)]*\)\n\n/gm, '').replace(/\[([^\]]*)\]\((?!https?:|#)[^)]*\)/g, '$1');
}

rmSync(join(root, 'dist'), { recursive: true, force: true });
for (const folder of ['python', 'workers']) {
  cpSync(join(root, 'src/probes', folder), join(root, 'dist/probes', folder), {
    recursive: true,
    filter: (path) => !path.endsWith('__pycache__') && !path.endsWith('.pyc'),
  });
}
writeFileSync(join(root, 'dist/procession'), command, { mode: 0o755 });
cpSync(join(root, 'src/views/workload/webview/table.css'), join(root, 'dist/workloadTable.css'));
// ps-list runs this on Windows, and looks for it beside the bundle. VS Code has no 32-bit version, so neither have we.
cpSync(join(root, 'node_modules/ps-list/vendor'), join(root, 'dist/vendor'), { recursive: true, filter: (path) => !path.endsWith('x86.exe') });
writeFileSync(join(root, 'dist/README.md'), readmeOfPackage(readFileSync(join(root, 'README.md'), 'utf8')));
// A warning links to it.
cpSync(join(root, 'docs/security.md'), join(root, 'dist/security.md'));
if (watch) await Promise.all(targets.map(async (options) => (await context(options)).watch()));
else await Promise.all(targets.map((options) => build(options)));

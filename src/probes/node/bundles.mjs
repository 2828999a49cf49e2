import { buildSync } from 'esbuild';

/**
 * The Node probe as options for esbuild: one file, `probe.cjs`, which a program is told to `--require`. It holds the probe
 * proper (`probe.ts`) as text, because a program under Node's permission model may read no other file of ours. An old Node
 * must be able to read the file, to do nothing.
 * @param {string} folder where it goes
 * @param {import('esbuild').BuildOptions} common
 */
export function nodeProbe(folder, common = {}) {
  const options = { ...common, bundle: true, platform: 'node', format: 'cjs', minify: true, sourcemap: false, define: {}, banner: {} };
  const { outputFiles } = buildSync({
    ...options, entryPoints: ['src/probes/node/probe.ts'], write: false, target: 'node20', banner: { js: '(function (require, module, __filename, ownStat) {' }, footer: { js: '})' },
  });
  return {
    ...options, entryPoints: ['src/probes/node/boot.ts'], outfile: `${folder}/probe.cjs`, target: 'node10', define: { probeSource: JSON.stringify(outputFiles[0].text) },
    // See the name that boot.ts gives the probe.
    footer: { js: '//# sourceURL=node:procession/boot' },
  };
}

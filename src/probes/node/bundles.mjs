/**
 * The two files of the Node probe, as options for esbuild: `probe.cjs`, which a program is told to `--require`, and
 * `observe.js`, a function that it calls. An old Node must be able to read the first, to do nothing.
 * @param {string} folder where they go
 * @param {import('esbuild').BuildOptions} common
 */
export function nodeProbe(folder, common = {}) {
  const options = { ...common, bundle: true, platform: 'node', format: 'cjs', minify: true, define: {} };
  return [
    { ...options, entryPoints: ['src/probes/node/boot.ts'], outfile: `${folder}/probe.cjs`, banner: {}, target: 'node10' },
    { ...options, entryPoints: ['src/probes/node/probe.ts'], outfile: `${folder}/observe.js`, banner: { js: '(function (require, __filename) {' }, footer: { js: '})' }, target: 'node20' },
  ];
}

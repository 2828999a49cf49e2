// The arrows between the layers: who may import whom (see CONTRIBUTING.md), and no circles.
const layers = {
  core: [],
  observe: ['core'],
  insight: ['core', 'observe'],
  launch: ['core', 'observe', 'insight'],
  workload: ['core', 'observe', 'launch'],
  cli: ['core', 'observe', 'insight', 'launch', 'workload'],
  views: ['core', 'observe', 'insight', 'launch', 'workload'],
  debug: ['core', 'observe', 'insight', 'launch', 'workload', 'views'],
  probes: [],
};
/** What a layer may use of others beside what lies below it. */
const exceptions = {
  // What a command line of Node means is the same for the launcher and the probe.
  launch: '^src/probes/node/commandLine\\.ts$',
};
const rest = (name) => Object.keys(layers).filter((layer) => layer !== name && !layers[name].includes(layer));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    ...Object.keys(layers).map((name) => ({
      name: `${name}-knows-only-${layers[name].join('-') || 'itself'}`,
      severity: 'error',
      from: { path: `^src/${name}/` },
      to: { path: `^src/(${rest(name).join('|')})/`, ...(exceptions[name] ? { pathNot: exceptions[name] } : {}) },
    })),
    { name: 'views-do-not-know-the-views-of-workloads', severity: 'error', from: { path: '^src/views/', pathNot: '^src/views/workload/' }, to: { path: '^src/views/workload/' } },
    { name: 'nobody-imports-the-entry-points', severity: 'error', from: { path: '^src/.+/' }, to: { path: '^src/[^/]+\\.ts$', pathNot: '^src/api\\.ts$' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(esbuild\\.mjs|src/probes/node/bundles\\.mjs)$' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
  },
};

import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** The layer rule: dependencies point one way (views, debug, cli → workload, launch, observe → core). */
const outside = ['fs', 'net', 'http', 'https', 'dgram', 'child_process', 'cluster', 'worker_threads', 'os', 'process'];
const outsideOfCore = [
  { group: [...outside, ...outside.map((name) => `node:${name}`), 'node:fs/*', 'fs/*'], message: 'core touches nothing outside itself.' },
];
const forbid = (layers, why) => ({ group: layers.map((layer) => `**/${layer}/*`), message: why });
const noVscode = { group: ['vscode'], message: 'only extension.ts, views, debug and timeline know VS Code.' };
const restrict = (files, patterns) => ({ files, rules: { 'no-restricted-imports': ['error', { patterns }] } });

const noDefaultExport = { selector: 'ExportDefaultDeclaration', message: 'no default exports.' };

export default tseslint.config(
  { ignores: ['dist/', 'out/', 'node_modules/', '.vscode-test/', 'test/examples/', 'test/zoo/python/', 'test/zoo/node/', 'test/zoo/kinds/', 'test/node/battery/', 'test/host/programs/', 'test/host/node_modules/'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['*.mjs', '.*.cjs'] }, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': ['error', { allowForKnownSafeCalls: [{ from: 'package', package: 'node:test', name: ['test', 'it', 'describe'] }] }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-restricted-syntax': ['error', noDefaultExport],
    },
  },
  // Everything else goes through the checks there, so that nobody outside of a run is ever hit.
  { files: ['src/**'], ignores: ['src/probes/**'], rules: { 'no-restricted-syntax': ['error', noDefaultExport, { selector: "CallExpression[callee.object.name='process'][callee.property.name='kill']", message: 'signals are sent by observe/system/signals.ts.' }] } },
  restrict(['src/core/**'], [...outsideOfCore, noVscode, forbid(['observe', 'launch', 'workload', 'views', 'debug', 'cli', 'probes'], 'core imports no other layer.')]),
  restrict(['src/launch/**'], [noVscode, forbid(['views', 'debug', 'cli'], 'this layer knows only core, its neighbours, and of the probes what they can enter.')]),
  restrict(['src/observe/**', 'src/workload/**'], [noVscode, forbid(['views', 'debug', 'cli', 'probes'], 'this layer knows only core and its neighbours.')]),
  restrict(['src/cli/**'], [noVscode, forbid(['views', 'debug'], 'the command line works without an editor.')]),
  restrict(['src/probes/**'], [noVscode, forbid(['core', 'observe', 'launch', 'workload', 'views', 'debug', 'cli'], 'probes import nothing of the rest.')]),
  { files: ['**/*.mjs', '.*.cjs'], ...tseslint.configs.disableTypeChecked },
  { files: ['*.config.mjs'], rules: { 'no-restricted-syntax': 'off' } },
  { files: ['**/*.mjs', '**/*.cjs'], languageOptions: { globals: { module: 'writable', process: 'readonly', console: 'readonly', URL: 'readonly', Buffer: 'readonly', setTimeout: 'readonly', fetch: 'readonly', performance: 'readonly' } } },
);

/**
 * What a person sets for Node (preloads, a debugger, coverage, traces) is meant for the program and not for Procession, which is a
 * Node program itself. So env(1) puts it aside under other names before Node comes up, and the command line takes it back.
 * A shell could do it, too, but some (dash) drop every variable whose name is no word.
 */

export const keptAs = 'PROCESSION_KEPT_';

/** What is put aside: see the shortness of {@link command}. */
export const names = ['NODE_OPTIONS', 'NODE_V8_COVERAGE', 'NODE_DEBUG'];

/** In the language of `env -S`, where a variable that is not set is one set to nothing. */
export const puttingAside = [...names.map((name) => `-u${name}`), ...names.map((name) => `${keptAs}${name}=\${${name}}`)].join(' ');

/** The command `procession`: what starts a script may have 255 bytes (execve(2)). */
export const command = `#!/usr/bin/env -S ${puttingAside} node\nrequire('./cli.js');\n`;

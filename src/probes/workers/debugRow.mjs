/** `node debugRow.mjs TARGET DIRECTORY ROW` calls a workload's function with one row, so that a debugger stops in it. */
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';

const [target, directory, text] = process.argv.slice(2);
const colon = target.lastIndexOf(':');
const file = resolve(directory, target.slice(0, colon));
process.argv = [process.argv[0], file];
const module = await import(pathToFileURL(file).href);
const name = target.slice(colon + 1);
const call = Object.hasOwn(module, name) ? module[name] : module.default?.[name];
if (typeof call !== 'function') throw new TypeError(`${file} exports no function "${name}".`);
const row = JSON.parse(text);
console.log(await (Array.isArray(row) ? call(...row) : call(row)));

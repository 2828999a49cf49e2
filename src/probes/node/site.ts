import { moduleModule, url, util } from './builtins';
import { quietly } from './quietly';

/** A frame of the call stack. `file` is a path, or a name such as `node:events` or `[eval]`. */
export interface Frame {
  file: string;
  line: number;
  column: number;
  function: string | undefined;
}

/** A place in the user's source, as events carry it. */
export type Site = { file: string; line: number; function?: string };

const capture = Error.captureStackTrace.bind(Error);
const { defineProperty, getOwnPropertyDescriptor } = Object;

/** Runs `action` while `Error[key]` is `value`, without calling a setter that the program may have put there. */
function withError<T>(key: 'prepareStackTrace' | 'stackTraceLimit', value: unknown, action: () => T): T {
  const before = getOwnPropertyDescriptor(Error, key);
  defineProperty(Error, key, { value, configurable: true, writable: true, enumerable: before?.enumerable ?? false });
  try {
    return action();
  } finally {
    if (before) defineProperty(Error, key, before);
    else delete (Error as unknown as Record<string, unknown>)[key];
  }
}

/** More frames than any of the probe's own calls has. */
const ownDepth = 10;

const toPath = (file: string): string => (file.startsWith('file:') ? url().fileURLToPath(file) : file);

function toFrames(_error: unknown, sites: NodeJS.CallSite[]): Frame[] {
  return sites.map((site) => {
    const file = site.getFileName() ?? '';
    return {
      file: toPath(file),
      line: site.getLineNumber() ?? 0,
      column: site.getColumnNumber() ?? 0,
      function: site.getFunctionName() ?? undefined,
    };
  });
}

/** The callers of the function `below`, innermost first. The program's own prepareStackTrace is not called. */
export function callers(below: (...args: never[]) => unknown, limit = 40): Frame[] {
  const holder: { stack?: unknown } = {};
  const frames = quietly(() => withError('stackTraceLimit', limit, () => withError('prepareStackTrace', toFrames, () => {
    capture(holder, below);
    return holder.stack as Frame[];
  })));
  return Array.isArray(frames) ? frames : (quietly(() => nativeCallers(limit)) ?? []);
}

interface NativeSite {
  functionName: string;
  scriptName: string;
  lineNumber: number;
  column: number;
}

/** The same, where Error is frozen: Node tells from 22.9 on. */
function nativeCallers(limit: number): Frame[] {
  const { getCallSites } = util() as { getCallSites?: (count: number) => NativeSite[] };
  const sites = getCallSites?.(limit + ownDepth) ?? [];
  const first = sites.findIndex(({ scriptName }) => scriptName !== 'node:procession' && scriptName !== 'node:util');
  return sites.slice(first < 0 ? sites.length : first).map(({ functionName, scriptName, lineNumber, column }) => (
    { file: toPath(scriptName), line: lineNumber, column, function: functionName || undefined }
  ));
}

// No regular expressions here: they would change RegExp.$1 and its like under the program.
const isProgram = ({ file }: Frame): boolean => file !== '' && !file.startsWith('node:');
const isDependency = ({ file }: Frame): boolean => file.includes('/node_modules/') || file.includes('\\node_modules\\');

/** Where the user's program stands: the innermost frame of its own files, else of its dependencies. */
export function siteOf(frames: readonly Frame[]): Site | undefined {
  const program = frames.filter(isProgram);
  const frame = program.find((candidate) => !isDependency(candidate)) ?? program[0];
  if (!frame) return undefined;
  const { file, line } = quietly(() => original(frame)) ?? frame;
  return { file, line, ...(frame.function === undefined ? {} : { function: frame.function }) };
}

/** The place in the source that a compiled file was made from, when Node has its source map at hand. */
function original({ file, line, column }: Frame): { file: string; line: number } | undefined {
  if (!(process as { sourceMapsEnabled?: boolean }).sourceMapsEnabled) return undefined;
  const entry = moduleModule().findSourceMap(file)?.findEntry(line - 1, column - 1);
  if (!entry || !('originalSource' in entry)) return undefined;
  const source = entry.originalSource;
  return { file: toPath(source), line: entry.originalLine + 1 };
}

import { join } from 'node:path';
import * as vscode from 'vscode';
import { installProbes } from '../../launch/environment';
import { setOwner } from '../../launch/runGuard';
import type { LaunchSpec } from '../../launch/launcher';
import type { LaunchOptions } from '../../launch/options';
import { commandLine, startDetached, writeOrder, type Invocation } from '../../launch/launchSpecFile';
import { resolveLaunch } from '../../launch/resolve';
import { refOf } from '../../observe/system/identity';
import { megabyte } from '../../observe/record/keptOutput';
import { createRunDirectory, liveRunsFolder, newRunId, readDescription, writeDescription } from '../../observe/record/runDirectory';
import type { RunStore, WindowRun } from '../runStore';
import { surroundingsOf } from '../surroundings';
import { mustTrust } from '../trust';

/** What a window knows when it launches. */
export interface Window {
  runs: RunStore;
  /** the folder of the built product, which holds `cli.js` and `probes/` */
  dist: string;
  /** names the workspace, so that a reloaded window finds its runs */
  workspace: string;
  /** windows without a folder have one name: what another of them shows is not ours */
  nameless: boolean;
}

function titleOf(options: LaunchOptions, argv: readonly string[]): string {
  if (options.name) return options.name;
  const what = options.program ?? options.module ?? argv[0] ?? 'run';
  return what.slice(what.lastIndexOf('/') + 1);
}

/** Our command line in a terminal of its own: the program reads the keyboard, and the run outlives the window. */
function inTerminal({ file, args, env }: Invocation, name: string, cwd: string): vscode.Terminal {
  const terminal = vscode.window.createTerminal({ name, shellPath: file, shellArgs: [...args, '--hold'], env, cwd, iconPath: new vscode.ThemeIcon('list-tree') });
  terminal.show(true);
  return terminal;
}

/** Starts a program in a terminal that the editor does not own. */
export type ExternalTerminal = (invocation: Invocation, name: string, cwd: string) => Promise<void>;

/** What else a launch may do. `follow` is called with the run before its program starts: new members wait for a debugger then. */
export interface LaunchWays {
  external?: ExternalTerminal | undefined;
  follow?: ((run: WindowRun) => void) | undefined;
}

/** Launches a program as a run of this window. Throws {@link HumanError} before anything is started when it can't be. */
export async function launchRun(window: Window, options: LaunchOptions, folder = vscode.workspace.workspaceFolders?.[0], { external, follow }: LaunchWays = {}): Promise<WindowRun> {
  mustTrust('launch');
  const { argv, cwd, env } = resolveLaunch(options, await surroundingsOf(folder));
  const id = newRunId(Date.now());
  const run = join(liveRunsFolder(), id);
  const settings = vscode.workspace.getConfiguration('procession');
  const place = options.console ?? settings.get<LaunchOptions['console']>('console') ?? 'integratedTerminal';
  const quiet = settings.get('insight.hangAfter', 10);
  const name = titleOf(options, argv);
  const about = { ...(options.name === undefined ? {} : { name: options.name }), workspace: window.workspace, console: place, configuration: { ...options } };
  const spec: LaunchSpec = {
    run, id, argv, cwd, env, output: place === 'internalConsole' ? 'keep' : 'inherit', outputLimit: settings.get('outputLimit', 64) * megabyte, copies: true, followed: follow !== undefined, probes: installProbes(join(window.dist, 'probes')),
    // A debugger makes its own quiet.
    ...(follow === undefined && quiet > 0 ? { hangAfter: quiet } : {}), about,
  };
  createRunDirectory(run);
  writeDescription(run, { schema: 'procession.run/1', id, command: argv, cwd, startedAt: Date.now(), observer: null, ...about });
  writeOrder(spec);
  own(window, run);
  const added = window.runs.add(run);
  follow?.(added);
  const invocation = commandLine(join(window.dist, 'cli.js'), ['launch', run]);
  // Extensions contribute to a terminal's environment; to this variable on top of the program's own.
  if (env.NODE_OPTIONS !== undefined) invocation.env.NODE_OPTIONS = env.NODE_OPTIONS;
  if (place === 'internalConsole') added.launcher = refOf(await startDetached(invocation, cwd));
  else if (place === 'externalTerminal' && external) await external(invocation, name, cwd);
  else added.terminal = inTerminal(invocation, name, cwd);
  return added;
}

/** Has a run end with its window where the setting `onClose` wants it, with the time that `stopTimeout` gives it. */
function own({ runs }: Window, run: string): void {
  const settings = vscode.workspace.getConfiguration('procession');
  setOwner(run, settings.get('onClose') === 'stop' ? runs.self : undefined, settings.get<number>('stopTimeout'));
}

/** Has the living runs of this window follow the settings `onClose` and `stopTimeout`; a reloaded window takes them over from the one before. */
export function bindRuns(window: Window): void {
  for (const { open } of window.runs.all()) if (!open.observationEnded) own(window, open.directory);
}

/** Goes on with a run whose launcher was killed while members lived: somebody must observe it. */
export async function resumeObservation(window: Window, run: WindowRun, isAlive: (ref: string) => boolean): Promise<void> {
  const description = readDescription(run.open.directory);
  if (!description || run.open.observationEnded || (description.observer !== null && isAlive(description.observer))) return;
  run.open.readAll();
  if (run.open.root === undefined || run.open.observationEnded) return;
  await startDetached(commandLine(join(window.dist, 'cli.js'), ['observe', run.open.directory]), description.cwd);
}

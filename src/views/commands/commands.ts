import * as vscode from 'vscode';
import { describeRow, quoteCommand } from '../../core/describe';
import { HumanError } from '../../core/errors';
import { forMessage } from '../../core/escapes';
import { signalNumber } from '../../core/exits';
import type { Finding } from '../../core/findings/finding';
import type { Member } from '../../core/members';
import { subtreeOf } from '../../core/tree';
import { startAgain } from '../restart';
import type { LaunchOptions } from '../../launch/options';
import { runtimeOfFile } from '../../launch/resolve';
import { signalMember, stopRun, stopSignalsOf } from '../../launch/steer';
import { refusal } from '../../observe/system/refusal';
import { learn } from '../../observe/system/identity';
import { readDescription, writeDescription } from '../../observe/record/runDirectory';
import { isWorkloadRun } from '../../workload/journal/folders';
import { guarded, withAll } from './commandErrors';
import { chosenRows, pickRows, whichWasMeant, type Given } from '../tree/treeSelection';
import { mayEnd } from '../insight/breaking';
import type { Explanations } from '../insight/explain';
import { placesOf } from '../insight/words';
import { launchRun, type Window } from './launchRun';
import { openLocation } from '../openLocation';
import type { Outputs } from '../output';
import type { Element } from '../tree/elements';
import type { ProcessTree } from '../tree/processTree';
import { runLabel, runOf, type Row } from '../tree/rows';
import type { WindowRun } from '../runStore';

/** A member and the run that it belongs to. */
interface Target {
  run: WindowRun;
  member: Member;
}

export interface CommandContext {
  window: Window;
  outputs: Outputs;
  explanations: Explanations;
  tree: ProcessTree;
  view: vscode.TreeView<Element>;
  log: vscode.LogOutputChannel;
  /** remembers what was launched last, across windows of this workspace */
  memory: vscode.Memento;
}

const lastLaunch = 'procession.lastLaunch';
const lastCommand = 'procession.lastCommand';

/** The name of a run as its row shows it. */
export const nameOf = (run: WindowRun): string => runLabel(run.open.report(), run.open.description().name);

/** Lets time pass while members are ended, and has the system tell which are there: the window must not wait for that when they are asked for. */
async function pause(members: () => Member[], ms: number): Promise<void> {
  await new Promise((done) => setTimeout(done, ms));
  await learn(members().filter(({ endedAt }) => endedAt === null).map(({ id }) => id));
}

/** The commands of the view and the palette. Each works on the rows given, on the selection, or on what the person picks. */
export class Commands {
  readonly #stopping = new Map<string, { hurry: boolean; done: Promise<Member[]> }>();

  constructor(private readonly context: CommandContext) {}

  /** What is different with a run of a workload; undefined where nothing is. Set by the faces of workloads. */
  workloads: { stop(run: WindowRun): Promise<Member[] | undefined>; showOutput(row: Row): Promise<boolean> } | undefined;

  /** Registers everything; errors meant for the person are shown, others logged. */
  register(): vscode.Disposable {
    const members = (act: (targets: Target[]) => unknown, ended = false) => async (...given: Given): Promise<void> => {
      const rows = chosenRows(given, this.context.view.selection);
      const known = this.#members(rows);
      if (given[0] && !known) throw new HumanError('That row is of a run that was removed, or no process. Nothing was done.');
      const targets = known ?? (await this.#pickMember(ended, rows === 'lost'));
      if (targets.length) await act(targets);
    };
    const runs = (act: (run: WindowRun) => unknown, wanted: 'live' | 'ended' | 'any' = 'any') => async (...given: Given): Promise<void> => {
      await withAll(await this.#runs(given, wanted), act);
    };
    const handlers: Record<string, (...args: never[]) => unknown> = {
      runFile: (uri?: vscode.Uri) => this.runFile(uri),
      runCommand: () => this.runCommand(),
      runLast: () => this.runLast(),
      terminate: members((targets) => this.#end(targets, 'SIGTERM', 'Terminate')),
      kill: members((targets) => this.#end(targets, 'SIGKILL', 'Kill')),
      terminateSubtree: members((targets) => this.#end(this.#subtrees(targets), 'SIGTERM', 'Terminate Subtree')),
      killSubtree: members((targets) => this.#end(this.#subtrees(targets), 'SIGKILL', 'Kill Subtree')),
      explain: (...given: Given) => this.explain(given),
      sendSignal: members((targets) => this.sendSignal(targets)),
      copyPid: members((targets) => vscode.env.clipboard.writeText(targets.map(({ member }) => member.pid).join('\n')), true),
      copyCommandLine: members((targets) => vscode.env.clipboard.writeText(targets.map(({ member }) => quoteCommand(member.argv)).join('\n')), true),
      showOutput: (...given: Given) => this.showOutput(given),
      goToTarget: members(([target]) => this.goToTarget(target), true),
      stop: runs((run) => this.stop(run), 'live'),
      restart: runs((run) => this.restart(run)),
      remove: runs((run) => this.remove(run), 'ended'),
      removeEnded: () => Promise.all(this.context.window.runs.all().filter((run) => run.open.report().run.endedAt !== null).map((run) => this.remove(run))),
      reapOrphans: runs((run) => this.reapOrphans(run)),
      openLocation,
    };
    return vscode.Disposable.from(...Object.entries(handlers).map(([name, handler]) => vscode.commands.registerCommand(`procession.${name}`, guarded(this.context.log, handler as (...args: unknown[]) => unknown))));
  }

  /** The members of rows as they are now: a row that nobody sees is not kept up to date. */
  #members(rows: readonly Element[] | 'lost'): Target[] | undefined {
    if (rows === 'lost') return undefined;
    const targets = rows.flatMap(({ row }) => {
      const run = row.kind === 'run' ? undefined : this.context.window.runs.get(row.run);
      if (!run) return [];
      const { members } = run.open.report();
      const shown = row.kind === 'member' ? [row.member] : row.kind === 'helpers' ? row.members : [];
      return shown.map((member) => ({ run, member: members.find(({ id }) => id === member.id) ?? member }));
    });
    return targets.length ? targets : undefined;
  }

  /** The runs of the rows, else those that are picked. One that has ended is not meant where only the living can be. */
  async #runs(given: Given, wanted: 'live' | 'ended' | 'any'): Promise<WindowRun[]> {
    const rows = chosenRows(given, this.context.view.selection);
    const ids = new Set(rows === 'lost' ? [] : rows.map(({ row }) => runOf(row)));
    const found = [...ids].flatMap((id) => this.context.window.runs.get(id) ?? []);
    const meant = found.filter((run) => wanted !== 'live' || run.open.report().run.endedAt === null);
    if (given[0] && !meant.length) throw new HumanError(found[0] ? `${nameOf(found[0])} has ended already. Nothing was done.` : 'That row is of a run that was removed. Nothing was done.');
    return meant.length ? meant : this.#pickRun(wanted, rows === 'lost');
  }

  async #pickMember(ended: boolean, lost: boolean): Promise<Target[]> {
    const items = this.context.window.runs.all().flatMap((run) => run.open.report().members
      .filter((member) => ended || member.state !== 'exited')
      .map((member) => ({ label: member.name, description: describeRow(member), detail: nameOf(run), target: { run, member } })));
    if (!items.length) throw new HumanError(ended ? 'There is no process in the tree. Run a program first ("Procession: Run File").' : 'No process of a run is alive. Run a program first ("Procession: Run File").');
    return (await pickRows(items, lost)).map(({ target }) => target);
  }

  async #pickRun(wanted: 'live' | 'ended' | 'any', lost: boolean): Promise<WindowRun[]> {
    const runs = this.context.window.runs.all().filter((run) => wanted === 'any' || (run.open.report().run.endedAt === null) === (wanted === 'live'));
    const [only] = runs;
    if (!only) throw new HumanError(wanted === 'live' ? 'Nothing is running.' : 'There is no such run in the tree.');
    if (runs.length === 1) return [only];
    const picked = await vscode.window.showQuickPick(runs.map((run) => ({ label: nameOf(run), description: quoteCommand(run.open.report().run.command), run })), { placeHolder: lost ? whichWasMeant('run') : 'Run' });
    return picked ? [picked.run] : [];
  }

  #subtrees(targets: readonly Target[]): Target[] {
    const found = new Map<string, Target>();
    for (const { run, member } of targets) {
      for (const below of subtreeOf(run.open.report().members, member.id)) found.set(`${run.open.id}/${below.id}`, { run, member: below });
    }
    return [...found.values()];
  }

  /** Ends members, unless the person thinks better of it when told what that would break. */
  async #end(targets: readonly Target[], signal: NodeJS.Signals, via: string): Promise<void> {
    if (await mayEnd(targets, via)) await this.#signal(targets, signal, via);
  }

  private async explain(given: Given): Promise<void> {
    const rows = chosenRows(given, this.context.view.selection);
    const [target] = this.#members(rows) ?? [];
    if (target) return this.context.explanations.explain(target.run, nameOf(target.run), target.member);
    for (const run of await this.#runs(given, 'any')) await this.context.explanations.explain(run, nameOf(run));
  }

  /** Shows a finding: the view, and the line to change. */
  async showFinding(finding: Finding): Promise<void> {
    await vscode.commands.executeCommand('procession.processes.focus', { preserveFocus: true });
    const [place] = placesOf(finding);
    if (place) await openLocation(place);
  }

  async #signal(targets: readonly Target[], signal: NodeJS.Signals, via: string): Promise<void> {
    await learn(targets.map(({ member }) => member.id));
    const problems = targets.filter(({ member }) => member.state !== 'exited').flatMap(({ run, member }) => refusal(member, signal, signalMember(run.steering, member, signal, via)) ?? []);
    if (problems.length) throw new HumanError(problems.map(({ message }) => message).join('\n'));
    if (targets.every(({ member }) => member.state === 'exited')) throw new HumanError(targets.length === 1 ? `${targets[0]?.member.name ?? 'It'} has ended already. Nothing was sent.` : 'They have all ended already. Nothing was sent.');
  }

  private async sendSignal(targets: Target[]): Promise<void> {
    const names = ['SIGINT', 'SIGTERM', 'SIGKILL', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGSTOP', 'SIGCONT', 'SIGABRT', 'SIGALRM', 'SIGPIPE', 'SIGWINCH', 'SIGURG', 'SIGCHLD', 'SIGTSTP'];
    const items = names.map((label) => ({ label, description: String(signalNumber(label, process.platform) ?? '') }));
    const picked = await vscode.window.showQuickPick(items, { placeHolder: `Signal to ${targets.length === 1 ? (targets[0]?.member.name ?? '') : `${targets.length} processes`}` });
    if (picked) await this.#signal(targets, picked.label as NodeJS.Signals, 'Send Signal');
  }

  /** Run File: the file given, or that of the active editor. */
  private async runFile(uri = vscode.window.activeTextEditor?.document.uri): Promise<void> {
    if (!uri || uri.scheme !== 'file') throw new HumanError('Open a Python or Node file first, or choose one in the explorer.');
    if (!runtimeOfFile(uri.fsPath)) throw new HumanError(`${vscode.workspace.asRelativePath(uri)} is no Python or Node file. Use "Procession: Run Command…" for other programs.`);
    await vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString())?.save();
    await this.#launch({ program: uri.fsPath }, vscode.workspace.getWorkspaceFolder(uri));
  }

  private async runCommand(): Promise<void> {
    const command = await vscode.window.showInputBox({
      title: 'Run Command', prompt: 'Command line to run and observe', placeHolder: 'npm test, pytest -n 4, gunicorn app:app, torchrun …', value: this.context.memory.get<string>(lastCommand) ?? '', ignoreFocusOut: true,
    });
    if (!command?.trim()) return;
    await this.context.memory.update(lastCommand, command);
    await this.#launch({ command });
  }

  private async runLast(): Promise<void> {
    const options = this.context.memory.get<LaunchOptions>(lastLaunch);
    if (!options) throw new HumanError('Nothing was launched in this workspace yet. Use "Procession: Run File" or "Procession: Run Command…".');
    await this.#launch(options);
  }

  async #launch(options: LaunchOptions & { type?: string }, folder?: vscode.WorkspaceFolder): Promise<void> {
    await this.context.memory.update(lastLaunch, options);
    if (options.type !== undefined) {
      await startAgain(options, folder ?? vscode.workspace.workspaceFolders?.[0]);
      return;
    }
    const run = await launchRun(this.context.window, options, folder);
    if (run.open.description().console === 'internalConsole') this.context.outputs.channel(run, nameOf(run)).show();
    await vscode.commands.executeCommand('procession.processes.focus', { preserveFocus: true });
  }

  private async showOutput(given: Given): Promise<void> {
    const rows = chosenRows(given, this.context.view.selection);
    const row = rows === 'lost' ? undefined : rows[0]?.row;
    if (row && (await this.workloads?.showOutput(row))) return;
    if (row?.kind === 'member') {
      const run = this.context.window.runs.get(row.run);
      if (run) await this.context.outputs.showMember(run, row.member);
      return;
    }
    for (const run of await this.#runs(given, 'any')) await this.context.outputs.showRun(run, nameOf(run));
  }

  private async goToTarget(target: Target | undefined): Promise<void> {
    if (!target) return;
    if (!target.member.target) throw new HumanError(`${target.member.name} has no target function: it is not a multiprocessing process, or it is seen from outside only.`);
    await openLocation(target.member.target);
  }

  /** Stop: interrupt, terminate, kill; then look who is left. A second Stop kills at once. */
  async stop(run: WindowRun, via = 'Stop'): Promise<Member[]> {
    const left = await this.workloads?.stop(run);
    if (left) return left;
    return this.#stopBySignals(run, via);
  }

  async #stopBySignals(run: WindowRun, via: string): Promise<Member[]> {
    const running = this.#stopping.get(run.open.id);
    if (running) {
      running.hurry = true;
      return running.done;
    }
    const configuration = vscode.workspace.getConfiguration('procession');
    const wanted = run.open.description().configuration as LaunchOptions | undefined;
    const state = { hurry: false, done: Promise.resolve<Member[]>([]) };
    const members = (): Member[] => {
      run.open.look();
      return run.open.report().members;
    };
    state.done = pause(members, 0).then(() => stopRun(run.steering, {
      signals: stopSignalsOf(wanted),
      timeout: (wanted?.stopTimeout ?? configuration.get<number>('stopTimeout', 5)) * 1_000,
      members,
      pause: (ms) => pause(members, ms),
      hurry: () => state.hurry,
    }, via)).finally(() => this.#stopping.delete(run.open.id));
    this.#stopping.set(run.open.id, state);
    const left = await state.done;
    await this.#toldEnd(run, left.length);
    if (left.length) throw new HumanError(`${nameOf(run)} was stopped, but these are still alive: ${left.map((member) => `${member.name} (pid ${member.pid})`).join(', ')}. The system does not let them be ended: end them as their owner, or wait for what they are blocked in.`);
    return left;
  }

  /** The record of a stopped run is a moment behind the processes: the person is told when both agree. */
  async #toldEnd(run: WindowRun, left: number): Promise<void> {
    for (let waited = 0; left === 0 && waited < 3_000 && run.open.report().run.endedAt === null; waited += 50) {
      await new Promise((done) => setTimeout(done, 50));
      run.open.readAll();
    }
  }

  private async restart(run: WindowRun): Promise<void> {
    const options = run.open.description().configuration as LaunchOptions | undefined;
    if (!options) throw new HumanError(`${nameOf(run)} was not launched from this editor, so it can't be restarted here.`);
    if (run.open.report().run.endedAt === null) await this.stop(run, 'Restart');
    await this.#launch(options, vscode.workspace.getWorkspaceFolder(vscode.Uri.file(run.open.description().cwd)));
  }

  private async remove(run: WindowRun): Promise<void> {
    if (run.open.report().run.endedAt === null) {
      const answer = await vscode.window.showWarningMessage(`${forMessage(nameOf(run))} is still running.`, { modal: true, detail: 'Stop it and remove it from the view?' }, 'Stop and Remove');
      if (answer !== 'Stop and Remove') return;
      await this.stop(run, 'Remove');
    }
    const { runs } = this.context.window;
    this.context.outputs.forget(run.open.id);
    const { workspace, ...description } = readDescription(run.open.directory) ?? run.open.description();
    if (workspace === undefined || !isWorkloadRun(description)) return runs.discard(run);
    // The journal of a workload stays: what is done need not be done again.
    runs.remove(run.open.id);
    writeDescription(run.open.directory, description);
  }

  private async reapOrphans(run: WindowRun): Promise<void> {
    const orphans = run.open.report().members.filter((member) => member.marks.includes('orphan') && member.state !== 'exited');
    if (!orphans.length) throw new HumanError(`${nameOf(run)} has no orphans.`);
    const ids = new Set(orphans.map((member) => member.id));
    const members = (): Member[] => run.open.report().members.filter((member) => ids.has(member.id));
    await pause(members, 0);
    const left = await stopRun(run.steering, {
      signals: ['SIGTERM', 'SIGKILL'], timeout: vscode.workspace.getConfiguration('procession').get<number>('stopTimeout', 5) * 1_000, members, pause: (ms) => pause(members, ms),
    }, 'Reap Orphans');
    if (left.length) throw new HumanError(`Still alive: ${left.map((member) => `${member.name} (pid ${member.pid})`).join(', ')}.`);
    void vscode.window.showInformationMessage(`${orphans.length === 1 ? '1 orphan was' : `${orphans.length} orphans were`} ended.`);
  }
}

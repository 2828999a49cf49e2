import * as vscode from 'vscode';
import type { Report } from '../../../src/api';
import { folder, reportOf, startedBy } from '../suite/support';
import { until, type TestContext } from '../inside/testing';
import { pythonWithDebugpy } from './debugpy';

/** What a debugged program has done, as the editor was told. */
export interface Watched {
  sessions: vscode.DebugSession[];
  stops: { session: vscode.DebugSession; thread: number; reason: string }[];
  exits: { session: vscode.DebugSession; code: number }[];
  output: string;
  /** what requests were refused with */
  refusals: string[];
}

interface Told {
  type: string;
  success?: boolean;
  message?: string;
  event?: string;
  body?: { threadId?: number; reason?: string; exitCode?: number; output?: string };
}

/** Listens to every debug session from here to the end of the test, which ends what is left of them. */
export function watchSessions(context: TestContext): Watched {
  const watched: Watched = { sessions: [], stops: [], exits: [], output: '', refusals: [] };
  const listening = [
    vscode.debug.onDidStartDebugSession((session) => { watched.sessions.push(session); }),
    vscode.debug.onDidTerminateDebugSession((session) => { watched.sessions = watched.sessions.filter(({ id }) => id !== session.id); }),
    vscode.debug.registerDebugAdapterTrackerFactory('*', {
      createDebugAdapterTracker: (session) => ({
        onDidSendMessage: ({ type, event, body, success, message }: Told) => {
          if (type === 'response' && success === false) watched.refusals.push(message ?? '');
          if (type !== 'event') return;
          if (event === 'stopped') watched.stops.push({ session, thread: body?.threadId ?? 0, reason: body?.reason ?? '' });
          if (event === 'exited') watched.exits.push({ session, code: body?.exitCode ?? -1 });
          if (event === 'output') watched.output += body?.output ?? '';
        },
      }),
    }),
  ];
  context.after(async () => {
    vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
    await vscode.debug.stopDebugging();
    await until('all sessions have ended', () => watched.sessions.length === 0, 12_000).catch(() => undefined);
    for (const one of listening) one.dispose();
  });
  return watched;
}

let python: string | undefined;

/** A launch configuration of ours for a program of `programs/`. */
export function configuration(program: string, more: object = {}): vscode.DebugConfiguration {
  const isPython = program.endsWith('.py');
  if (isPython) python ??= pythonWithDebugpy();
  return { name: 'Debugged', type: 'procession', request: 'launch', program: `${folder()}/programs/${program}`, console: 'internalConsole', ...(isPython ? { python } : {}), ...more };
}

/** Starts debugging and gives the id of the run. */
export function debug(of: vscode.DebugConfiguration): Promise<string> {
  return startedBy(() => vscode.debug.startDebugging(vscode.workspace.workspaceFolders?.[0], of));
}

/** Sets a breakpoint in the line that contains a text. */
export async function breakAt(program: string, text: string, condition?: string): Promise<vscode.SourceBreakpoint> {
  const uri = vscode.Uri.file(`${folder()}/programs/${program}`);
  const document = await vscode.workspace.openTextDocument(uri);
  const line = document.getText().split('\n').findIndex((one) => one.includes(text));
  const breakpoint = new vscode.SourceBreakpoint(new vscode.Location(uri, new vscode.Position(line, 0)), true, condition);
  vscode.debug.addBreakpoints([breakpoint]);
  return breakpoint;
}

/** The stack of a thread, innermost first, as `function:line`. */
export async function stackOf(session: vscode.DebugSession, thread: number): Promise<string[]> {
  const { stackFrames } = await session.customRequest('stackTrace', { threadId: thread, startFrame: 0, levels: 20 }) as { stackFrames: { name: string; line: number }[] };
  return stackFrames.map(({ name, line }) => `${name}:${line}`);
}

/** Continues whatever stops (debugpy stops at `sys.exit` of another code than 0, too) until the run has ended, and how is known. */
export async function goOn(id: string): Promise<Report> {
  return until('the run has ended', async () => {
    await vscode.commands.executeCommand('procession.continueAll');
    const report = await reportOf(id);
    return report.run.endedAt !== null && report.run.exit !== null && report;
  }, 40_000);
}

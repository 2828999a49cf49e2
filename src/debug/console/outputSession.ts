import * as vscode from 'vscode';
import { Emitter } from '../emitter';
import { aboutKey } from '../kinds';
import type { Message } from '../protocol';
import type { StreamName } from '../../observe/record/keptOutput';

/**
 * A session that only writes, into the Debug Console of the session above it: the adapter of that one is another extension's, and
 * can't be made to say more than it does. It is started with the first text.
 */
export class OutputSession {
  #waiting: Message[] = [];
  #adapter: OutputAdapter | undefined;
  #isOver = false;
  #isStarted = false;

  constructor(private readonly above: vscode.DebugSession, private readonly run: string, private readonly log: vscode.LogOutputChannel) {}

  show(stream: StreamName, text: string): void {
    const message: Message = { seq: 0, type: 'event', event: 'output', body: { category: stream, output: text } };
    if (this.#adapter) this.#adapter.send(message);
    else this.#waiting.push(message);
    if (!this.#isStarted) this.#start();
  }

  #start(): void {
    this.#isStarted = true;
    opening.set(this.above.id, this);
    const configuration = { type: 'procession', request: 'attach', name: 'output of its children', internalConsoleOptions: 'neverOpen', [aboutKey]: { run: this.run }, [outputKey]: this.above.id };
    vscode.debug.startDebugging(this.above.workspaceFolder, configuration, {
      parentSession: this.above, consoleMode: vscode.DebugConsoleMode.MergeWithParent, lifecycleManagedByParent: false,
      suppressDebugToolbar: true, suppressDebugStatusbar: true, suppressDebugView: true, suppressSaveBeforeStart: true,
    }).then(undefined, (error: unknown) => {
      opening.delete(this.above.id);
      this.log.error(error as Error);
    });
  }

  /** The editor has the session up. */
  serve(adapter: OutputAdapter): void {
    this.#adapter = adapter;
    for (const message of this.#waiting.splice(0)) adapter.send(message);
    if (this.#isOver) adapter.end();
  }

  /** Nothing more will come. */
  end(): void {
    this.#isOver = true;
    this.#adapter?.end();
    if (!this.#isStarted) opening.delete(this.above.id);
  }
}

/** Names the session whose console is written into. */
const outputKey = '__processionOutput';

/** by the session above */
const opening = new Map<string, OutputSession>();

/** The adapter of a session that only writes; undefined for another session. */
export function outputAdapter({ configuration }: vscode.DebugSession): vscode.DebugAdapter | undefined {
  const above = configuration[outputKey] as string | undefined;
  const session = above === undefined ? undefined : opening.get(above);
  if (above !== undefined) opening.delete(above);
  return session && new OutputAdapter(session);
}

class OutputAdapter implements vscode.DebugAdapter {
  readonly #messages = new Emitter<vscode.DebugProtocolMessage>();
  readonly onDidSendMessage = this.#messages.event;

  constructor(private readonly session: OutputSession) {}

  handleMessage(message: vscode.DebugProtocolMessage): void {
    const { type, seq, command } = message as Message;
    if (type !== 'request') return;
    const body = command === 'threads' ? { threads: [] } : command === 'initialize' ? { supportsConfigurationDoneRequest: true } : {};
    this.send({ seq: 0, type: 'response', request_seq: seq, ...(command === undefined ? {} : { command }), success: true, body });
    if (command === 'initialize') this.send({ seq: 0, type: 'event', event: 'initialized' });
    if (command === 'attach') this.session.serve(this);
    if (command === 'disconnect') this.dispose();
  }

  send(message: Message): void {
    this.#messages.fire(message);
  }

  end(): void {
    this.send({ seq: 0, type: 'event', event: 'terminated' });
  }

  dispose(): void {
    this.#messages.dispose();
  }
}

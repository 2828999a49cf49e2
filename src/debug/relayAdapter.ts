import * as vscode from 'vscode';
import { HumanError, messageOf } from '../core/errors';
import type { Connection } from './connection';
import type { Message } from './protocol';

/**
 * Stands between the editor and a debug adapter, and passes on what goes between them. What is passed on, changed or answered
 * is the subclass's matter.
 */
export abstract class RelayAdapter implements vscode.DebugAdapter {
  readonly #messages = new vscode.EventEmitter<vscode.DebugProtocolMessage>();
  readonly onDidSendMessage = this.#messages.event;
  #connection: Promise<Connection> | undefined;
  #chain: Promise<void> = Promise.resolve();
  #terminated = false;
  #disposed = false;

  /** Starts or connects to the adapter. Called at the first message. */
  protected abstract connect(): Promise<Connection>;
  /** A request of the editor; gives what the adapter gets of it, undefined when that is nothing. */
  protected abstract fromEditor(request: Message): Promise<Message | undefined> | Message | undefined;
  /** A message of the adapter; gives what the editor gets of it. */
  protected abstract fromAdapter(message: Message): Message | undefined;
  /** The adapter went away before the session had ended. */
  protected abstract lost(reason: string): void;

  handleMessage(message: vscode.DebugProtocolMessage): void {
    // One after the other: a message must not overtake one that is still being prepared.
    this.#chain = this.#chain.then(() => this.#handle(message as unknown as Message));
  }

  async #handle(message: Message): Promise<void> {
    try {
      this.#connection ??= this.connect();
      const connection = await this.#connection;
      const passed = message.type === 'request' ? await this.fromEditor(message) : message;
      if (passed) connection.send(passed);
    } catch (error) {
      // The reason was told by the request before; that there is nothing to disconnect from is none of its own.
      if (message.command === 'disconnect') this.reply(message);
      else this.refuse(message, error);
    }
  }

  /** Passes a message on to the adapter out of turn. */
  protected toAdapter(message: Message): void {
    void this.#connection?.then((connection) => connection.send(message), () => undefined);
  }

  protected toEditor(message: Message): void {
    if (!this.#disposed) this.#messages.fire(message);
  }

  protected event(event: string, body: Record<string, unknown> = {}): void {
    this.toEditor({ seq: 0, type: 'event', event, body });
  }

  protected reply(request: Message, body: Record<string, unknown> = {}): void {
    this.toEditor({ seq: 0, type: 'response', request_seq: request.seq, ...(request.command === undefined ? {} : { command: request.command }), success: true, body });
  }

  /** Answers a request with an error that the editor shows. */
  protected refuse(request: Message, error: unknown): void {
    const text = messageOf(error).replaceAll(/[{}]/g, '');
    this.toEditor({
      seq: 0, type: 'response', request_seq: request.seq, ...(request.command === undefined ? {} : { command: request.command }), success: false, message: text,
      body: { error: { id: 1, format: text, showUser: true } },
    });
    if (!(error instanceof HumanError)) console.error(error);
  }

  /** What the connection tells. */
  protected readonly listener = {
    message: (message: Message): void => {
      if (message.event === 'terminated') this.#terminated = true;
      const passed = this.fromAdapter(message);
      if (passed) this.toEditor(passed);
    },
    closed: (reason: string): void => {
      if (this.#terminated || this.#disposed) return;
      this.#terminated = true;
      this.lost(reason);
      this.event('terminated');
    },
  };

  dispose(): void {
    this.#disposed = true;
    void this.#connection?.then((connection) => connection.close(), () => undefined);
    this.#messages.dispose();
  }
}

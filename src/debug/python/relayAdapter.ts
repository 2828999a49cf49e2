import type * as vscode from 'vscode';
import { HumanError, messageOf } from '../../core/errors';
import type { Connection } from '../connection';
import { Emitter } from '../emitter';
import type { Message } from '../protocol';

/** What ends a session. */
const isEnd = ({ type, command }: Message): boolean => type === 'request' && (command === 'disconnect' || command === 'terminate');

/**
 * Stands between the editor and a debug adapter, and passes on what goes between them. What is passed on, changed or answered
 * is the subclass's matter.
 */
export abstract class RelayAdapter implements vscode.DebugAdapter {
  readonly #messages = new Emitter<vscode.DebugProtocolMessage>();
  readonly onDidSendMessage = this.#messages.event;
  #connecting: Promise<Connection> | undefined;
  #connection: Connection | undefined;
  #chain: Promise<void> = Promise.resolve();
  /** the request to disconnect that the adapter has not answered yet, and what ends the wait */
  #parting: { request: Message; timer: NodeJS.Timeout } | undefined;
  #terminated = false;
  #disposed = false;
  /** ms that the adapter has to say good-bye; after that it is left */
  protected readonly parting: number = 5_000;

  /** Starts or connects to the adapter. Called at the first message. */
  protected abstract connect(): Promise<Connection>;
  /** A request of the editor; gives what the adapter gets of it, undefined when that is nothing. */
  protected abstract fromEditor(request: Message): Promise<Message | undefined> | Message | undefined;
  /** A message of the adapter; gives what the editor gets of it. */
  protected abstract fromAdapter(message: Message): Message | undefined;
  /** The adapter went away before the session had ended. */
  protected abstract lost(reason: string): void;
  /** The session was ended before there was an adapter. */
  protected abstract cancelled(): void;

  handleMessage(message: vscode.DebugProtocolMessage): void {
    const request = message as unknown as Message;
    // Who stops does not wait until an adapter was found that nobody wants any more.
    if (isEnd(request) && !this.#connection) this.#cancel(request);
    // One after the other: a message must not overtake one that is still being prepared.
    else this.#chain = this.#chain.then(() => this.#handle(request));
  }

  #cancel(request: Message): void {
    this.reply(request);
    if (this.#terminated) return;
    this.end();
    this.cancelled();
  }

  async #handle(message: Message): Promise<void> {
    try {
      this.#connecting ??= this.connect();
      const connection = await this.#connecting;
      if (this.#terminated && !this.#connection) return connection.close();
      this.#connection = connection;
      const passed = message.type === 'request' ? await this.fromEditor(message) : message;
      if (passed) this.#pass(connection, passed);
    } catch (error) {
      if (!this.#terminated) this.refuse(message, error);
    }
  }

  #pass(connection: Connection, message: Message): void {
    connection.send(message);
    if (message.command !== 'disconnect' || message.type !== 'request') return;
    this.#parting = { request: message, timer: setTimeout(() => {
      this.reply(message);
      this.end();
    }, this.parting) };
  }

  /** The session has ended, or is ending. */
  protected get isOver(): boolean {
    return this.#terminated || this.#disposed;
  }

  /** Passes a message on to the adapter out of turn. */
  protected toAdapter(message: Message): void {
    this.#connection?.send(message);
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

  /** Ends the session and leaves the adapter. */
  protected end(): void {
    if (this.#terminated) return;
    this.#terminated = true;
    this.event('terminated');
    this.#leave();
  }

  #leave(): void {
    clearTimeout(this.#parting?.timer);
    void this.#connecting?.then((connection) => connection.close(), () => undefined);
  }

  /** What the connection tells. */
  protected readonly listener = {
    message: (message: Message): void => {
      if (message.event === 'terminated') this.#terminated = true;
      if (message.type === 'response' && message.request_seq === this.#parting?.request.seq) clearTimeout(this.#parting?.timer);
      const passed = this.fromAdapter(message);
      if (passed) this.toEditor(passed);
    },
    closed: (reason: string): void => {
      clearTimeout(this.#parting?.timer);
      this.#connection = undefined;
      if (this.isOver) return;
      this.#terminated = true;
      this.lost(reason);
      this.event('terminated');
    },
  };

  dispose(): void {
    this.#disposed = true;
    this.#leave();
    this.#messages.dispose();
  }
}

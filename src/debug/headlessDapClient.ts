import type { DebugConfiguration } from 'vscode';
import { connectAdapter, type Connection } from './connection';
import type { Message } from './protocol';

/** ms that an adapter has to say good-bye */
const leaving = 3_000;

/**
 * A child that gets no session. debugpy makes every child wait for a client, so it gets one that sets no breakpoints, and that
 * stays: only of children whose parent has a client does debugpy tell, and a fork server's are what matters.
 */
export class Silent {
  readonly #connection: Connection;
  /** the connection is over, however that came */
  readonly closed: Promise<void>;
  #seq = 0;

  /** `offered` hears of children of the child. */
  constructor(readonly configuration: DebugConfiguration, offered: (child: DebugConfiguration) => void) {
    const { host, port } = configuration.connect as { host: string; port: number };
    let over: () => void = () => undefined;
    this.closed = new Promise((done) => {
      over = done;
    });
    this.#connection = connectAdapter(host, port, { closed: over, message: (message) => this.#heard(message, offered) });
    this.#say('initialize', { adapterID: 'procession', clientID: 'procession', pathFormat: 'path', linesStartAt1: true, columnsStartAt1: true, supportsStartDebuggingRequest: true });
  }

  #say(command: string, body: Record<string, unknown>): void {
    this.#connection.send({ seq: ++this.#seq, type: 'request', command, arguments: body });
  }

  #heard(message: Message, offered: (child: DebugConfiguration) => void): void {
    if (message.type === 'response' && message.command === 'initialize') this.#say('attach', this.configuration);
    if (message.event === 'initialized') this.#say('configurationDone', {});
    if (message.event === 'terminated' || (message.type === 'response' && message.command === 'disconnect')) this.#connection.close();
    // debugpy does not let it have a client: without one it must not stay connected.
    if (message.type === 'response' && message.command === 'attach' && message.success === false) this.#connection.close();
    if (message.type === 'request' && message.command === 'startDebugging') {
      this.#connection.send({ seq: ++this.#seq, type: 'response', request_seq: message.seq, command: 'startDebugging', success: true });
      offered({ ...(message.arguments?.configuration as DebugConfiguration), type: this.configuration.type, request: 'attach' });
    }
  }

  /** Gives the child up, so that another client can have it. */
  async leave(): Promise<void> {
    this.#say('disconnect', { terminateDebuggee: false });
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([this.closed, new Promise((done) => {
      timer = setTimeout(done, leaving);
    })]);
    clearTimeout(timer);
  }

  close(): void {
    this.#connection.close();
  }
}

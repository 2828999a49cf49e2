import { formatBytes } from '../../core/describe';
import type { ProcessRef } from '../../core/events';
import type { Member } from '../../core/members';
import { pidOf } from '../../core/namespaces';
import { copyLimit, type StreamName } from '../../observe/record/keptOutput';
import { outputsOf } from '../../observe/record/runDirectory';
import type { WindowRun } from '../../views/runStore';
import { ConsoleText } from './consoleText';
import { Copies, type Written } from './copies';
import { SharedPipe } from './sharedPipe';

/**
 * What the children of a debugged program print, in the Debug Console of their root and with their names: of those whose streams are
 * the root's own. What goes elsewhere (a file, a pipe that its parent reads) is not the console's.
 */

const streams = ['stdout', 'stderr'] as const;
/** ms between looks while something waits */
const lookEvery = 50;

/** What both kinds of consoles share: the copies of a run's members, the root's streams, the text that is shown. */
abstract class ChildConsole {
  protected readonly text: ConsoleText;
  readonly #copies: Copies;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(protected readonly run: WindowRun, show: (stream: StreamName, text: string) => void) {
    this.text = new ConsoleText(show, (writer) => this.#labelOf(writer));
    this.#copies = new Copies(outputsOf(run.open.directory), () => this.look());
  }

  /** A member has written into one of the root's streams, or the root itself has. */
  protected abstract wrote(written: Written, stream: StreamName, now: number): void;
  /** Time has passed; gives whether something still waits. */
  protected abstract settle(now: number, toEnd: boolean): boolean;

  /** where the root's streams go, once it has told */
  readonly #ofRoot = new Map<string, StreamName>();
  #early: Written[] = [];

  /** Reads the copies and shows what can be shown. */
  look(all = false, toEnd = false): void {
    if (this.#ended) return;
    const now = Date.now();
    const root = this.run.open.root;
    const found = [...this.#early, ...this.#copies.read(all)];
    this.#early = [];
    for (const { member, stream, to } of found) if (member === root && !this.#ofRoot.has(to)) this.#ofRoot.set(to, stream);
    // Nobody is known to share the root's streams before it has told what they are.
    if (this.#ofRoot.size === 0 && !toEnd) this.#early = found;
    else for (const written of found) {
      const stream = this.#ofRoot.get(written.to);
      if (stream && written.bytes.length > 0) this.wrote(written, stream, now);
    }
    const isWaiting = this.settle(now, toEnd);
    this.text.settle(now, toEnd);
    this.#again(isWaiting || this.text.isWaiting);
  }

  #again(isWaiting: boolean): void {
    if (!isWaiting || this.#ended) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.look(true);
    }, lookEvery);
  }

  #labelOf(writer: ProcessRef): string {
    const find = (): Member | undefined => this.run.open.report().members.find(({ id, inner }) => id === writer || inner?.id === writer);
    const known = find();
    // It has told its name before it could print, but that may not have been read yet.
    if (known === undefined) this.run.open.look();
    const member = known ?? find();
    return `${member?.name ?? 'process'} [${member?.pid ?? pidOf(writer)}]`;
  }

  /** Shows all that has come up to now: the program has ended. */
  drain(): void {
    this.look(true, true);
  }

  /** Shows all that has come up to now, and no more: the session ends. */
  end(): void {
    this.drain();
    this.dispose();
  }

  dispose(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#copies.close();
  }
}

/** The console of a root whose debugger shows all that comes through its pipes, from whomever: names are put to it. */
export class NamingConsole extends ChildConsole {
  readonly #pipes: Record<StreamName, SharedPipe>;

  constructor(run: WindowRun, show: (stream: StreamName, text: string) => void) {
    super(run, show);
    const pipe = (stream: StreamName): SharedPipe => new SharedPipe((writer, bytes) => this.text.write(writer === this.run.open.root ? undefined : writer, stream, bytes, Date.now()));
    this.#pipes = { stdout: pipe('stdout'), stderr: pipe('stderr') };
  }

  /** The debugger has this to show. */
  came(stream: StreamName, text: string): void {
    // What has waited is settled by all that is known by now, which notices may not have told yet where this process was busy.
    if (this.#pipes[stream].isWaiting) this.look(true);
    this.#pipes[stream].came(Buffer.from(text), Date.now());
    this.look();
  }

  protected wrote({ member, bytes }: Written, stream: StreamName, now: number): void {
    // The debugger writes line ends in its own way.
    this.#pipes[stream].wrote(member, bytes.includes('\r\n') ? Buffer.from(bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1') : bytes, now);
  }

  protected settle(now: number, toEnd: boolean): boolean {
    for (const name of streams) this.#pipes[name].settle(now, toEnd);
    return streams.some((name) => this.#pipes[name].isWaiting);
  }
}

/** The console of a root whose debugger shows only what itself and those print that it is attached to: the others' is added. */
export class AddingConsole extends ChildConsole {
  /** `isShown`: the debugger shows what this member prints. */
  constructor(run: WindowRun, show: (stream: StreamName, text: string) => void, private readonly isShown: (member: ProcessRef) => boolean) {
    super(run, show);
  }

  /** bytes of each stream of a member that were shown */
  readonly #sizes = new Map<string, number>();

  protected wrote({ member, stream: own, bytes }: Written, stream: StreamName, now: number): void {
    if (member === this.run.open.root || this.isShown(member)) return;
    this.text.write(member, stream, bytes, now);
    const size = (this.#sizes.get(`${member} ${own}`) ?? 0) + bytes.length;
    this.#sizes.set(`${member} ${own}`, size);
    if (size >= copyLimit) this.text.write(member, stream, Buffer.from(`\n(it has printed ${formatBytes(copyLimit)}: what it prints after that is not shown here)\n`), now);
  }

  protected settle(): boolean {
    return false;
  }
}

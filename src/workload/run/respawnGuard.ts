import { spawn, type ChildProcess } from 'node:child_process';

/**
 * A shell that outlives the runner by a moment: it learns the process groups of the workers, and when the runner is gone,
 * however that came, it ends them with all that they have started. Only this way nothing is left of commands and of
 * tasks that never look at their input.
 */
const script = `
trap '' INT TERM HUP
n=0
while read -r i p; do eval "g$i=$p"; [ "$i" -gt "$n" ] && n=$i; done
all=
i=1
while [ "$i" -le "$n" ]; do eval "p=\\$g$i"; [ "$p" -gt 0 ] && all="$all $p"; i=$((i+1)); done
for p in $all; do kill -TERM "-$p"; done 2>/dev/null
t=0
while [ "$t" -lt "$1" ]; do
  left=
  for p in $all; do kill -0 "-$p" && left=1; done 2>/dev/null
  [ -z "$left" ] && exit 0
  sleep 0.1
  t=$((t+1))
done
for p in $all; do kill -KILL "-$p"; done 2>/dev/null
exit 0
`;

/** ms before another shell is started. */
const [shortest, longest] = [10, 10_000];

export class Guard {
  #shell: ChildProcess | undefined;
  /** by their places in the shell's list; 0: a free one */
  readonly #groups: number[] = [];
  #closed = false;
  #pause = shortest;

  /** `grace`: ms between the request to end and the kill. */
  constructor(private readonly grace: number) {
    this.#start();
  }

  #start(): void {
    if (process.platform === 'win32' || this.#closed) return;
    const shell = spawn('/bin/sh', ['-c', script, 'procession-guard', String(Math.ceil(this.grace / 100))], { stdio: ['pipe', 'ignore', 'ignore'], detached: true, env: { PATH: '/usr/bin:/bin' } });
    this.#shell = shell;
    shell.on('error', () => undefined);
    shell.stdin.on('error', () => undefined);
    // Somebody killed it: another takes its place, each time later where it does not live.
    const begun = Date.now();
    shell.on('exit', () => {
      this.#pause = Date.now() - begun > longest ? shortest : Math.min(longest, this.#pause * 2);
      setTimeout(() => this.#start(), this.#pause).unref();
    });
    shell.unref();
    for (const place of this.#groups.keys()) this.#write(place);
  }

  /** A process group that is to end with the runner. */
  hold(group: number): void {
    const free = this.#groups.indexOf(0);
    this.#put(free === -1 ? this.#groups.length : free, group);
  }

  /** Forgets a group that is empty, or that may live on. */
  release(group: number): void {
    const place = this.#groups.indexOf(group);
    if (place !== -1) this.#put(place, 0);
  }

  #put(place: number, group: number): void {
    this.#groups[place] = group;
    this.#write(place);
  }

  #write(place: number): void {
    this.#shell?.stdin?.write(`${place + 1} ${this.#groups[place] ?? 0}\n`);
  }

  close(): void {
    this.#closed = true;
    this.#shell?.stdin?.end();
  }
}

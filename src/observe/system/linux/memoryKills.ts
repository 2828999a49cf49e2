import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Reads the kernel's counts of processes that it killed for want of memory. Linux only; elsewhere nothing is known. */

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The counter `oom_kill` in a file of `name value` lines: `memory.events`, `memory.oom_control` or `/proc/vmstat`. */
export function parseKills(text: string): number | undefined {
  const found = /^oom_kill (\d+)$/m.exec(text);
  return found ? Number(found[1]) : undefined;
}

/** The file that counts for the control group of a process, from `/proc/<pid>/cgroup` (cgroups(7)): version 2's `memory.events`, version 1's `memory.oom_control`. */
export function counterOf(cgroups: string, mount = '/sys/fs/cgroup'): { path: string; evidence: string }[] {
  return cgroups.split('\n').flatMap((line) => {
    const [, controllers, group] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (group === undefined) return [];
    if (controllers === '') return [{ path: join(mount, group, 'memory.events'), evidence: 'cgroup memory.events' }];
    return controllers?.split(',').includes('memory') ? [{ path: join(mount, 'memory', group, 'memory.oom_control'), evidence: 'cgroup memory.oom_control' }] : [];
  });
}

/** Watches the counters that concern one process and those that it starts in its own control group, and the machine's. */
export class MemoryKills {
  readonly #counters: { path: string; evidence: string; kills: number }[];
  #lookedAt: number;

  constructor(pid: number | 'self', private readonly now: () => number) {
    const all = [...counterOf(read(`/proc/${pid}/cgroup`)), { path: '/proc/vmstat', evidence: 'oom_kill of /proc/vmstat' }];
    this.#counters = all.flatMap((counter) => {
      const kills = parseKills(read(counter.path));
      return kills === undefined ? [] : [{ ...counter, kills }];
    });
    this.#lookedAt = now();
  }

  /** What was counted since the last look, by the counter that is closest to the process; undefined when nothing was. */
  look(): { since: number; kills: number; evidence: string } | undefined {
    const since = this.#lookedAt;
    this.#lookedAt = this.now();
    let found: { since: number; kills: number; evidence: string } | undefined;
    for (const counter of this.#counters) {
      const kills = parseKills(read(counter.path)) ?? counter.kills;
      if (kills > counter.kills) found ??= { since, kills: kills - counter.kills, evidence: counter.evidence };
      counter.kills = kills;
    }
    return found;
  }
}

import { existsSync } from 'node:fs';
import { LinuxSampler } from './linux/linuxSampler';
import { ListingSampler } from './listing';
import { hasOwnProc } from './linux/ownProc';
import { listWithPs } from './macos/ps';
import { listWithPsList } from './windows/psList';
import type { SamplerOptions, TreeSampler } from './sampler';

/** Their `ps` tells CPU time and resident memory; ps-list tells neither. */
const withPs: readonly NodeJS.Platform[] = ['darwin', 'freebsd', 'openbsd', 'netbsd'];

/** The sampler of this platform; undefined where `/proc` shows another pid namespace, in which our pids are those of others. */
export function createSampler(options: SamplerOptions): TreeSampler | undefined {
  if (process.platform === 'linux' && existsSync('/proc/self/stat')) return hasOwnProc() ? new LinuxSampler(options) : undefined;
  return new ListingSampler(options, withPs.includes(process.platform) ? listWithPs : listWithPsList);
}

import { existsSync } from 'node:fs';
import { LinuxSampler } from './linuxSampler';
import { ListingSampler } from './listing';
import { listWithPs } from './ps';
import { listWithPsList } from './psList';
import type { SamplerOptions, TreeSampler } from './sampler';

/** Their `ps` tells CPU time and resident memory; ps-list tells neither. */
const withPs: readonly NodeJS.Platform[] = ['darwin', 'freebsd', 'openbsd', 'netbsd'];

/** The sampler of this platform. */
export function createSampler(options: SamplerOptions): TreeSampler {
  if (process.platform === 'linux' && existsSync('/proc/self/stat')) return new LinuxSampler(options);
  return new ListingSampler(options, withPs.includes(process.platform) ? listWithPs : listWithPsList);
}

import { LinuxSampler } from '../observe/linuxSampler';
import type { SamplerOptions, TreeSampler } from '../observe/sampler';

/** The sampler of this platform. */
export function createSampler(options: SamplerOptions): TreeSampler {
  return new LinuxSampler(options);
}

import type { Draft, RuleName } from './finding';
import type { Scene } from './scene';

/** One way in which programs of many processes go wrong. */
export interface Rule {
  name: RuleName;
  /** `hang`: the run can't go on, so that whoever asked for it may stop it; `failure`: something ended badly; `waste`: it goes on, but slowly */
  kind: 'hang' | 'failure' | 'waste';
  /** Finds where the rule applies. Pure. */
  check: (scene: Scene) => Draft[];
  /** One sentence with the figures and names of the program. */
  title: (draft: Draft) => string;
  /** The short form for `count` findings: `3 workers wait for a lock of the dead`. */
  summary: (count: number) => string;
}

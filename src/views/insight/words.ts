import { isAbsolute } from 'node:path';
import type { Finding, FindingSite } from '../../core/findings/finding';
import { kindOf } from '../../core/findings/rules';
import type { Report } from '../../core/report';

/** What the window says of findings. */

/** What is at a place that a finding names. */
export const roleText: Record<FindingSite['role'], string> = {
  waits: 'waits here', holds: 'taken here', created: 'made here', failed: 'failed here', submitted: 'given here', target: 'runs this function',
};

/** The places of a finding that can be opened, the one to change first. */
export const placesOf = ({ sites }: Finding): FindingSite[] => sites.filter(({ file, line }) => isAbsolute(file) && line >= 1);

/** A finding by what it tells, so that the same one is known again: who, of what. */
export const keyOf = ({ rule, members }: Finding): string => `${rule} ${members.join(' ')}`;

/** The findings that hold now: a hang is over when its run has ended. */
export const currentIn = ({ run, findings }: Report): Finding[] => findings.filter((finding) => kindOf(finding) !== 'hang' || run.endedAt === null);

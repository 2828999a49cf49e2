import type { SignalEvent } from '../events';
import type { EndedBy, Mark, Member } from '../member';
import type { MemberRecord } from '../claims';
import type { GroupSight } from './groups';

/** One member: what it is in itself, by its own claims and those of a few relatives, and the whole of it. */
export interface Derived {
  /** `role`, `marks`, `endedBy` and `outcome` are completed when all members are looked at together; until then they are its own, or null */
  member: Member;
  /** its claims, with the facts that name it by its pid alone */
  record: MemberRecord;
  /** the role and the marks that it has in itself */
  role: Member['role'];
  marks: Mark[];
  groups: readonly GroupSight[];
  zombie: boolean;
  /** whether init or a subreaper was seen to have taken it over from its parent */
  adopted: boolean;
  /** whether a probe is in it, which tells of every signal that it sends */
  probed: boolean;
}

/** An ended member with what is known of the signals to it. */
export interface Ended {
  member: Member;
  record: MemberRecord;
  /** signals that are known to have been sent to it before its end, by time */
  sent: readonly SignalEvent[];
  endedBy: EndedBy | null;
}

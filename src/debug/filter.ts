import { scriptOf } from '../core/interpreters';
import type { Member } from '../core/members';
import type { ChildFilter, ChildPolicy } from './kinds';

const escape = (text: string): string => text.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');

/** A glob of `*` and `?` as a regular expression for the whole of a text. */
export const globPattern = (glob: string): string => `^${escape(glob).replaceAll('*', '.*').replaceAll('?', '.')}$`;

/** A glob as a regular expression for the last parts of a path. */
export const pathPattern = (glob: string): string => `(^|[\\\\/])${globPattern(glob).slice(1)}`;

/** Whether a text fits a glob of `*` and `?`. */
export function fitsGlob(glob: string, text: string): boolean {
  return new RegExp(globPattern(glob), 's').test(text);
}

function depthOf(member: Member, members: readonly Member[]): number {
  let depth = 0;
  for (let at: Member | undefined = member; at?.parent && depth < 100; depth++) at = members.find(({ id }) => id === at?.parent);
  return depth;
}

function indexOf(member: Member, members: readonly Member[]): number {
  return members.filter(({ parent, role }) => parent === member.parent && role !== 'helper').sort((a, b) => a.startedAt - b.startedAt).indexOf(member);
}

/** What a member runs: Python's target function, Node's script. */
function fitsTarget(wanted: string, { runtime, target, argv }: Member): boolean {
  if (runtime === 'node') return new RegExp(pathPattern(wanted), 's').test(target?.file ?? scriptOf(argv) ?? '');
  const name = target?.function ?? '';
  return fitsGlob(wanted, name) || name.endsWith(`.${wanted}`);
}

/** Whether a member fits every condition of a filter. */
export function fits(filter: ChildFilter, member: Member, members: readonly Member[]): boolean {
  return (filter.name === undefined || fitsGlob(filter.name, member.name))
    && (filter.target === undefined || fitsTarget(filter.target, member))
    && (filter.argv === undefined || member.argv.join(' ').includes(filter.argv))
    && (filter.index === undefined || indexOf(member, members) === filter.index)
    && (filter.depth === undefined || depthOf(member, members) === filter.depth)
    && (filter.rank === undefined || member.rank === filter.rank);
}

/** Why a child that fits gets no session. */
export const tooMany = (most: number): string => `${most} sessions are open (maxDebugSessions)`;

/** Whether a child gets a session by itself; else the reason why not, as the tree tells it. `open` sessions are there already. */
export function refuses(policy: ChildPolicy, member: Member | undefined, members: readonly Member[], open: number): string | undefined {
  if (member?.role === 'helper') return 'helper';
  if (policy.children === 'match' && !(member && fits(policy.filter, member, members))) return 'does not fit childFilter';
  if (policy.children === 'onDemand' || policy.children === 'none') return 'debugChildren';
  return open >= policy.most ? tooMany(policy.most) : undefined;
}

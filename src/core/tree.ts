import type { ProcessRef } from './events';
import type { Member } from './members';

/** A member with its children, helpers apart. */
export interface TreeNode {
  member: Member;
  children: TreeNode[];
  /** helpers of this member, folded away; what they started stands among the children */
  helpers: Member[];
}

/** The tree of a run. `helpers` are those with no parent in the run. */
export interface MemberTree {
  roots: TreeNode[];
  helpers: Member[];
}

/** The nearest ancestor that is not a helper. Cycles, which only a garbled record can make, end at the top. */
function visibleParent(member: Member, byId: ReadonlyMap<ProcessRef, Member>): Member | undefined {
  const passed = new Set<ProcessRef>([member.id]);
  let parent = member.parent === null ? undefined : byId.get(member.parent);
  while (parent?.role === 'helper' && !passed.has(parent.id)) {
    passed.add(parent.id);
    parent = parent.parent === null ? undefined : byId.get(parent.parent);
  }
  return parent && !passed.has(parent.id) ? parent : undefined;
}

function inCycle(member: Member, byId: ReadonlyMap<ProcessRef, Member>): boolean {
  const passed = new Set<ProcessRef>();
  for (let at: Member | undefined = member; at; at = visibleParent(at, byId)) {
    if (passed.has(at.id)) return at === member || passed.has(member.id);
    passed.add(at.id);
  }
  return false;
}

/** Nests members by logical parent. Every member is in the tree exactly once; the order is that of the list. */
export function treeOf(members: readonly Member[]): MemberTree {
  const byId = new Map(members.map((member) => [member.id, member]));
  const nodes = new Map<ProcessRef, TreeNode>(members.map((member) => [member.id, { member, children: [], helpers: [] }]));
  const tree: MemberTree = { roots: [], helpers: [] };
  for (const member of members) {
    const node = nodes.get(member.id);
    const parent = visibleParent(member, byId);
    const holder = parent && !inCycle(member, byId) ? nodes.get(parent.id) : undefined;
    if (!node) continue;
    if (member.role === 'helper') (holder ?? tree).helpers.push(member);
    else if (holder) holder.children.push(node);
    else tree.roots.push(node);
  }
  return tree;
}

/** A member and all its descendants by logical parent, the deepest first. */
export function subtreeOf(members: readonly Member[], id: ProcessRef): Member[] {
  const children = new Map<ProcessRef, Member[]>();
  for (const member of members) {
    if (member.parent === null) continue;
    const siblings = children.get(member.parent);
    if (siblings) siblings.push(member);
    else children.set(member.parent, [member]);
  }
  const found: Member[] = [];
  const passed = new Set<ProcessRef>();
  const visit = (member: Member): void => {
    if (passed.has(member.id)) return;
    passed.add(member.id);
    for (const child of children.get(member.id) ?? []) visit(child);
    found.push(member);
  };
  const top = members.find((member) => member.id === id);
  if (top) visit(top);
  return found;
}

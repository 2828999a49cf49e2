import type { ProcessRef } from '../events';
import { applyTo, newRecord, type Claims, type MemberRecord } from '../claims';
import type { Member } from '../member';
import { addressOf, isInner, pidOf, type Address } from '../namespaces';
import { addressesOf, type LooseEvent, type RunState } from '../state';
import type { RunView } from './view';

/**
 * Which process a pid meant at a time. A pid is given out again when its process has ended, so each has its incarnations:
 * the records of one pid, in the order of their start.
 */

/** A tick of a process's start time is 10 ms; a fact this much older still belongs to it. In ms. */
export const tolerance = 20;

function bootStart(view: RunView, id: ProcessRef): number | undefined {
  const run = view.run?.value;
  const ticks = /^\d+(?:@\d+)?\.(\d+)$/.exec(id);
  if (ticks && run?.bootTime !== undefined && run.tickMs) return run.bootTime + Number(ticks[1]) * run.tickMs;
  const stamp = /^\d+(?:@\d+)?\.m(\d+)/.exec(id);
  return stamp ? Number(stamp[1]) : undefined;
}

/** The host that a process tells of itself, or its parent where no probe is in it. */
export function hostOf(view: RunView, { claims: { start, spawn, firstSeen } }: MemberRecord): string | null {
  const parent = spawn?.value.id ?? firstSeen?.value.parent;
  const teller = start ?? (parent === undefined ? undefined : view.record(parent)?.claims.start);
  return teller?.value.host ?? null;
}

/** True for a process that runs on another host than the run's launcher. */
export function isOnOtherHost(view: RunView, record: MemberRecord): boolean {
  const host = hostOf(view, record);
  return host !== null && view.run !== undefined && host !== view.run.value.host;
}

/**
 * True for a process that runs on another host than the run's launcher, or of which only a pid of another pid namespace is
 * known: the operating system here knows nothing of it.
 */
export function isElsewhere(view: RunView, record: MemberRecord): boolean {
  return isInner(record.id) || isOnOtherHost(view, record);
}

/**
 * When the process started: by its identity where that tells it, else by the first word about it. Infinity when nothing
 * but numbers was told. Times in ms since the epoch.
 */
export function startOf(view: RunView, record: MemberRecord): number {
  const { claims } = record;
  // The ticks of an identity count from the boot of its own host.
  const known = (isOnOtherHost(view, record) ? undefined : bootStart(view, record.id)) ?? claims.firstSeen?.value.startedAt;
  if (known !== undefined) return known;
  const firstWord = Math.min(claims.spawn?.t ?? Infinity, claims.firstStart?.t ?? Infinity, claims.firstSeen?.t ?? Infinity);
  if (firstWord < Infinity) return firstWord;
  const words = (Object.keys(claims) as (keyof Claims)[]).filter((kind) => kind !== 'sample');
  return Math.min(...words.map((kind) => claims[kind]?.t ?? Infinity), ...record.signals.map(({ t }) => t));
}

function incarnations(view: RunView, address: Address): { record: MemberRecord; start: number }[] {
  return view.recordsOf(address)
    .filter((record) => !isOnOtherHost(view, record))
    .map((record) => ({ record, start: startOf(view, record) }))
    .sort((a, b) => a.start - b.start || (a.record.id < b.record.id ? -1 : 1));
}

/** Who had a pid at a time: the last one that had started by then. A pid is not given away before it is reaped, so this is exact. */
export function whoHad(view: RunView, address: Address, t: number): MemberRecord | undefined {
  let found: MemberRecord | undefined;
  for (const { record, start } of incarnations(view, address)) if (start <= t + tolerance) found = record;
  return found;
}

/** The record with the facts that named it by its pid alone laid over it. */
export function withLoose(view: RunView, record: MemberRecord): MemberRecord {
  const isMeant = (address: Address, t: number): boolean => (whoHad(view, address, t) ?? incarnations(view, address)[0]?.record) === record;
  const mine = addressesOf(record).flatMap((address) => view.looseOf(address).filter(({ t }) => isMeant(address, t)));
  return mine.length > 0 ? overlay(record, mine) : record;
}

function overlay(record: MemberRecord, facts: readonly LooseEvent[]): MemberRecord {
  const copy: MemberRecord = { ...record, claims: { ...record.claims }, signals: [...record.signals], threads: new Map(record.threads) };
  for (const fact of facts) applyTo(copy, fact);
  return copy;
}

/** Addresses of which only facts that name no start are known, and which a member of the run had. */
export function looseOnly(state: RunState): Address[] {
  const introduces = ({ e }: LooseEvent): boolean => e === 'spawn' || e === 'seen' || e === 'root' || e === 'sample';
  return [...state.loose].flatMap(([address, { facts }]) => (!state.byPid.has(address) && facts.some(introduces) ? [address] : []));
}

/** The record of an address that nobody could identify better (no probe, and no start time from the operating system). */
export function looseRecord(address: Address, facts: readonly LooseEvent[]): MemberRecord {
  return overlay(newRecord(String(address)), facts);
}

/**
 * True for a record that something brought into being, not only a late word about one that was forgotten, and not
 * numbers alone: their table may be an earlier observer's, and nobody would ever tell of an end.
 */
export function exists({ forgotten }: RunState, { claims }: MemberRecord): boolean {
  if (claims.start ?? claims.spawn ?? claims.seen) return true;
  return forgotten === 0 && Object.keys(claims).some((told) => told !== 'sample');
}

/** What a process of another pid namespace is called there. */
export function innerOf(view: RunView, record: MemberRecord): Member['inner'] {
  if (isOnOtherHost(view, record)) return null;
  const { id, aliases, claims: { seen } } = record;
  const name = isInner(id) ? id : (aliases?.at(-1) ?? null);
  const pid = name === null ? seen?.value.innerPid : pidOf(name);
  return pid === undefined ? null : { pid, id: name };
}

/** True for the first process of the run. */
export function isRoot(view: RunView, record: MemberRecord): boolean {
  const { root } = view;
  if (!root) return false;
  return root.value === record.id || (!root.value.includes('.') && whoHad(view, addressOf(root.value), root.t)?.id === record.id);
}

import type { WorkerThread } from '../member';
import type { MemberRecord } from '../claims';

/** Node's worker threads in the order of their numbers. Those that ran when their process ended (`endedAt`, ms) have ended with it. */
export function threadsOf(record: MemberRecord, endedAt: number | null): WorkerThread[] {
  return [...record.threads].sort(([a], [b]) => a - b).map(([id, { first, last, name, file, code, tid, site, from, exitSite, lastWords, terminated }]) => {
    const exited = last.value.state === 'exited';
    return {
      id,
      name: name?.value ?? `worker thread ${id}`,
      file: file?.value ?? null,
      state: exited || endedAt !== null ? 'exited' : 'running',
      code: exited ? (code?.value ?? null) : null,
      startedAt: first.t,
      endedAt: exited ? last.t : endedAt,
      tid: tid?.value ?? null,
      site: site?.value ?? null,
      creator: from?.value ?? null,
      exitSite: exitSite?.value ?? null,
      ended: !exited ? null : terminated ? 'terminated' : lastWords ? 'itself' : 'abruptly',
    };
  });
}

import type { ProcessRef } from '../events';
import type { Wait } from '../insight/waits';
import { lineOf, type Scene } from './scene';
import { verbOf } from './words';

/** The members that can't go on, and what each waits for in a few words: `waits for the Lock made at a.py:8, a.py:5`. */
export function stuckIn({ causes }: Scene): Map<ProcessRef, string> {
  const found = new Map<ProcessRef, Wait>();
  for (const { blocked } of causes) {
    for (const wait of blocked) {
      const known = found.get(wait.subject.member.id);
      // The main thread speaks for its process.
      if (!known || (wait.thread.main && !known.thread.main)) found.set(wait.subject.member.id, wait);
    }
  }
  return new Map([...found].map(([id, wait]) => [id, `${verbOf(wait)}${wait.site ? `, ${lineOf(wait.site)}` : ''}`]));
}

import { formatSeconds } from '../describe';
import { forTerminal } from '../escapes';
import type { Finding } from './finding';
import { lineOf } from './scene';

/** The text form of findings, for people and for copying. */

/** A finding: its sentence, what it is known from, its lines and what to change. `now` in ms since the epoch. */
export function renderFinding(finding: Finding, now: number): string {
  const { rule, certainty, title, evidence, advice, sites, since } = finding;
  const age = since > 0 && now > since ? `, ${formatSeconds((now - since) / 1000)}` : '';
  const lines = sites.map((site) => `${site.role} ${lineOf(site)}${site.function === undefined ? '' : ` (${site.function})`}`);
  return [
    `${certainty === 'proved' ? 'Proved' : 'Likely'} (${rule}${age}): ${title}`,
    ...evidence.map((fact) => `  ${fact}`),
    ...(lines.length > 0 ? [`  lines: ${lines.join(', ')}`] : []),
    `  ${advice}`,
  ].map(forTerminal).join('\n');
}

/** All findings, or that there is none. */
export function renderFindings(findings: readonly Finding[], now: number): string {
  return findings.length === 0 ? 'Nothing was found.' : findings.map((finding) => renderFinding(finding, now)).join('\n\n');
}

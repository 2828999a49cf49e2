import { formatSeconds, plural } from '../../../core/describe';
import { shortageText, type Progress, type WorkerProgress } from '../../../workload/protocol';

/** How a workload and its parts are told in a line. */

const number = (value: number): string => value.toLocaleString('en-US');
const rateText = (rate: number): string => `${rate < 10 ? rate.toFixed(1) : number(Math.round(rate))}/s`;

export const isLive = ({ state }: Progress): boolean => state === 'running' || state === 'paused' || state === 'stopping';

/** `1,234 of 10,000 done`. */
export const doneText = ({ done, total }: Progress): string => (total === null ? `${number(done)} done` : `${number(done)} of ${number(total)} done`);

/** `3 failed · 2 running · 8,764 waiting · 120/s · ETA 1 min`. */
export function restText(progress: Progress): string {
  const { failed, running, waiting, rate, etaSeconds, shortage } = progress;
  return [
    ...(failed ? [`${number(failed)} failed`] : []),
    ...(isLive(progress) ? [`${number(running)} running`, ...(waiting === null ? [] : [`${number(waiting)} waiting`]), rateText(rate)] : []),
    ...(progress.state === 'running' && shortage ? [shortageText(shortage)] : []),
    ...(progress.state === 'running' && etaSeconds !== null && etaSeconds > 0 ? [`ETA ${formatSeconds(etaSeconds)}`] : []),
  ].join(' · ');
}

/** The state of the whole as the row of its run shows it. `alive`: its runner is there. */
export function stateText(progress: Progress, alive: boolean): string {
  if (isLive(progress)) return alive ? progress.state : 'interrupted: its runner has gone. Resume goes on where it was';
  const seconds = progress.summary?.wall ?? (progress.t - progress.startedAt) / 1000;
  const part = progress.summary?.earlier ? 'last run ' : '';
  const outcome = progress.state === 'done' ? (progress.failed ? `${number(progress.failed)} failed` : 'all done') : progress.state;
  return `${outcome} · ${part}${formatSeconds(seconds)}${progress.reason === undefined ? '' : ` · ${progress.reason}`}`;
}

/** `row 137 for 2.3 s · 512 done · 1 restart`. */
export function workerText({ row, done, restarts, state }: WorkerProgress, now: number): string {
  return [
    row ? `row ${row.index} for ${formatSeconds(Math.max(0, now - row.since) / 1000)}` : state,
    `${number(done)} done`,
    ...(restarts ? [plural(restarts, 'restart')] : []),
  ].join(' · ');
}

/** One line for the end: `39 of 40 done, 1 failed in 1.2 s, 1.6 × one worker`. */
export function endText(progress: Progress): string {
  const { summary, failed, reason, state } = progress;
  if (state === 'refused') return reason ?? 'the workload can\'t be run';
  const parts = [doneText(progress), ...(failed ? [`${number(failed)} failed`] : []), ...(state === 'done' ? [] : [state + (reason === undefined ? '' : ` (${reason})`)])];
  if (summary?.earlier) return `${parts.join(', ')}; ${number(summary.tasks)} by this run in ${formatSeconds(summary.wall)}`;
  return `${parts.join(', ')}${summary ? ` in ${formatSeconds(summary.wall)}, ${summary.speedUp.toFixed(1)} × one worker` : ''}`;
}

import { execFile } from 'node:child_process';
import { userInfo } from 'node:os';

/** Who else could reach the ports of a debugger: they listen at a loopback address, where every user of the machine can connect. */

/** The users in what `who` prints, a line a session, its user first. */
export const usersIn = (text: string): Set<string> => new Set(text.split('\n').map((line) => line.split(/\s/)[0] ?? '').filter((name) => name !== ''));

/** Users who are logged in besides this one; none where that can't be told. */
export function otherUsers(): Promise<string[]> {
  if (process.platform === 'win32') return Promise.resolve([]);
  const { username } = userInfo();
  return new Promise((resolve) => {
    execFile('who', { timeout: 5_000, env: { PATH: process.env.PATH, LC_ALL: 'C' } }, (error, text) => resolve(error ? [] : [...usersIn(text)].filter((name) => name !== username).sort()));
  });
}

/** Why the ports of a debugger matter here, in a sentence; undefined where nobody else is. */
export function portRisk(isRoot: boolean, others: readonly string[]): string | undefined {
  if (others.length) return `Others are logged in on this machine (${others.slice(0, 3).join(', ')}${others.length > 3 ? ', …' : ''}). While a process is debugged, its debugger listens at a loopback port, and whoever connects there can run code as you.`;
  return isRoot ? 'You are debugging as root. While a process is debugged, its debugger listens at a loopback port, and every user of this machine who connects there can run code as root.' : undefined;
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { HumanError } from '../core/errors';
import type { Member } from '../core/members';
import { refusal } from '../observe/system/refusal';
import { isHere, isSame, learn } from '../observe/system/identity';
import { makeOwnFolder, removeFile, replaceFile } from '../observe/record/ownFiles';
import { readRegular } from '../observe/record/regularFile';
import { signalIn } from '../observe/system/signals';

/** Asks the probe of a running process: a file with the request, SIGURG, a file with the answer. */

const step = 10;

/** Why a member can't be asked; undefined when it can be tried. */
export function unable(member: Member): string | undefined {
  const who = `${member.name} (pid ${member.pid})`;
  if (member.state === 'exited') return `${who} has ended.`;
  if (!isHere(member)) return `${who} is ${member.inner ? 'in a container' : `on ${member.host ?? 'another host'}`}, where this window can't reach it. Open a window there.`;
  if (member.role === 'helper') return `${who} is a helper that the runtime started for itself: there is nothing of the program in it.`;
  if (member.state === 'stopped') return `${who} is stopped by a signal. Send it SIGCONT first.`;
  if (member.marks.includes('outside')) return `${who} is seen from outside only: no probe could enter it (it was started with -I, -E or -S, with an environment of its own, or is no Python or Node of a supported version).`;
  return undefined;
}

/** Resolves with the answer of the process. Rejects with {@link HumanError} when there is none within `timeout` ms, or it says that it can't. */
export async function askProbe<T extends object>(run: string, member: Member, request: readonly string[], timeout: number): Promise<T> {
  const folder = join(run, 'ask');
  // The name by which its probe goes, which may be that of another pid namespace.
  const file = join(folder, member.inner?.id ?? member.id);
  makeOwnFolder(folder);
  removeFile(`${file}.answer`);
  replaceFile(file, request.join('\n'));
  try {
    await learn([member.id]);
    const sent = signalIn(run, member, 'SIGURG');
    const refused = refusal(member, 'SIGURG', sent);
    if (refused) throw refused;
    for (let waited = 0; sent === 'sent' && waited < timeout; waited += step) {
      if (existsSync(`${file}.answer`)) return told<T>(member, JSON.parse(readRegular(`${file}.answer`)) as T);
      await new Promise((done) => setTimeout(done, step));
    }
    await learn([member.id]);
    if (!isSame(member.id)) throw new HumanError(`${member.name} (pid ${member.pid}) has ended.`);
    throw new HumanError(`${member.name} (pid ${member.pid}) does not answer: its main thread is in native code that does not return to Python (a long computation in an extension module, for example), or it handles SIGURG itself. Try again when it is back in Python.`);
  } finally {
    removeFile(file);
    removeFile(`${file}.answer`);
  }
}

function told<T extends object>(member: Member, answer: T & { error?: string }): T {
  if (answer.error === undefined) return answer;
  const who = `${member.name} (pid ${member.pid})`;
  if (/No module named '?debugpy/.test(answer.error)) throw new HumanError(`${who} can't load debugpy. Install it for its interpreter: ${member.exe ?? 'python'} -m pip install debugpy`);
  throw new HumanError(`${who} can't be attached to: ${answer.error}.`);
}

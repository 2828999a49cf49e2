/** Descriptors of our own, beside those of the user's code, and the log. */
import { closeSync, fstatSync, openSync } from 'node:fs';

const nowhere = '/dev/null';
/** Descriptors of our own have numbers from here on, where no loop over the first ones meets them and no newly opened file gets theirs. */
const farFromOthers = 200;

/** Opens a file under a high number: Node has no dup(2), but the lowest that is free is given, so that all below are taken for the moment. */
export function aside(open) {
  if (process.platform === 'win32') return open();
  const taken = [];
  try {
    do taken.push(openSync(nowhere, 'r'));
    while (taken.at(-1) < farFromOthers);
    return open();
  } finally {
    for (const descriptor of taken) closeSync(descriptor);
  }
}

function statOf(descriptor) {
  try {
    return fstatSync(descriptor);
  } catch {
    return undefined;
  }
}

/** Which file a descriptor is; undefined where it is closed. */
export function identityOf(descriptor) {
  const found = statOf(descriptor);
  return found && `${found.dev} ${found.ino}`;
}

/** The file that descriptors 1 and 2 are. */
export class Log {
  #descriptor;
  #inode;

  constructor(path) {
    this.path = path;
    this.#open();
  }

  #open() {
    this.#descriptor = aside(() => openSync(this.path, 'a', 0o600));
    this.#inode = fstatSync(this.#descriptor).ino;
  }

  /** The log's end, whatever descriptor 1 may be now. */
  end() {
    const found = statOf(this.#descriptor);
    if (found?.ino === this.#inode) return found.size;
    this.#open();
    return fstatSync(this.#descriptor).size;
  }

  /** Opens again what tasks have closed, so that what the next one prints is found and gets into no file of theirs. */
  mend() {
    for (const number of [0, 1, 2]) if (identityOf(number) === undefined) openSync(number === 0 ? nowhere : this.path, number === 0 ? 'r' : 'a');
  }
}

import { execFile } from 'node:child_process';
import type { FileLook, Look } from '../../core/insight/facts';
import { filesBehind } from '../../core/insight/links';
import { readProc } from '../../observe/system/linux/procFile';
import { parseInternetSockets, parsePeers, parseUnixSockets, type InternetSocket } from './text';

/** Finds out who is at the other end of sockets. */

const text = (path: string): string => readProc(path, 16 * 1024 * 1024)?.toString('latin1') ?? '';
const objectOf = (inode: string): string => `socket:[${inode}]`;

/** ms that the other programme has to list the sockets */
const patience = 2_000;

/**
 * The kernel tells the other end of a Unix socket only by sock_diag(7), a netlink socket, which Node can't open. `ss` of iproute2
 * can, and any Python. Prints lines as `ss -xHa` does.
 */
const askKernel = `
import socket, struct
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4)
s.send(struct.pack('=IHHII', 40, 20, 0x301, 1, 0) + struct.pack('=BBHIII', 1, 0, 0, 0xffffffff, 0, 0x14) + bytes(8))
done = False
while not done:
    data = s.recv(1 << 20)
    while data:
        size, kind = struct.unpack_from('=IH', data)
        done = done or kind in (2, 3)
        if kind == 20:
            inode = struct.unpack_from('=I', data, 20)[0]
            peer = unread = 0
            at = 32
            while at + 4 <= size:
                length, what = struct.unpack_from('=HH', data, at)
                if what == 2:
                    peer = struct.unpack_from('=I', data, at + 4)[0]
                elif what == 4:
                    unread = struct.unpack_from('=I', data, at + 4)[0]
                at += (length + 3) & ~3 or 4
            print('u_str ESTAB %d 0 * %d * %d' % (unread, inode, peer))
        data = data[(size + 3) & ~3:]
`;

function outputOf(file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const child = execFile(file, args, { timeout: patience, maxBuffer: 64 * 1024 * 1024, windowsHide: true }, (error, stdout) => resolve(error ? '' : stdout));
    child.stdin?.end();
  });
}

async function unixPeers(interpreters: readonly string[]): Promise<ReturnType<typeof parsePeers>> {
  for (const [file, args] of [['ss', ['-xHa']] as const, ...[...interpreters, 'python3'].map((python) => [python, ['-I', '-S', '-c', askKernel]] as const)]) {
    const peers = parsePeers(await outputOf(file, args));
    if (peers.size > 0) return peers;
  }
  return new Map();
}

interface Looked {
  pid: number;
  look: Look;
}

/** The sockets that some thread waits for. */
function awaited({ look }: Looked): FileLook[] {
  const files = new Map(look.files.map((file) => [file.fd, file]));
  return filesBehind(files, look.threads.flatMap((thread) => thread.files ?? [])).filter(({ object }) => object.startsWith('socket:'));
}

/** Fills in who is at the other end of the sockets that are waited for, and which of the run's sockets take connections. */
export async function joinSockets(all: readonly Looked[], interpreters: readonly string[]): Promise<void> {
  const wanted = new Set(all.flatMap(awaited).map(({ object }) => object));
  const any = all[0];
  if (wanted.size === 0 || !any) return;
  const unix = parseUnixSockets(text(`/proc/${any.pid}/net/unix`));
  const internet = ['tcp', 'tcp6'].flatMap((name) => parseInternetSockets(text(`/proc/${any.pid}/net/${name}`)));
  const peers = unix.some(({ inode, listens }) => !listens && wanted.has(objectOf(inode))) ? await unixPeers(interpreters) : new Map<string, { peer: string; unread: number }>();
  const ends = new Ends(internet);
  const listening = new Map(unix.filter(({ listens }) => listens).map(({ inode, path }) => [objectOf(inode), path]));
  for (const { look } of all) {
    for (const file of look.files) {
      if (!file.object.startsWith('socket:')) continue;
      const inode = file.object.slice('socket:['.length, -1);
      const path = listening.get(file.object);
      if (path !== undefined) file.listens = path;
      const met = peers.get(inode);
      if (met) Object.assign(file, { peer: objectOf(met.peer), ...(met.unread > 0 ? { unread: met.unread } : {}) });
      ends.fill(file, inode);
    }
  }
}

/** `0100007F:1F90` and `0000000000000000FFFF00000100007F:1F90` are the same address. */
const plain = (address: string): string => address.replace(/^0000000000000000FFFF0000/i, '');

/** The two ends of TCP connections within this machine. */
class Ends {
  readonly #byInode: ReadonlyMap<string, InternetSocket>;
  readonly #connected = new Map<string, InternetSocket>();
  readonly #listening = new Map<string, InternetSocket>();

  constructor(sockets: readonly InternetSocket[]) {
    this.#byInode = new Map(sockets.map((socket) => [socket.inode, socket]));
    for (const socket of sockets) {
      if (socket.listens) this.#listening.set(socket.local.slice(-4), socket);
      else this.#connected.set(`${plain(socket.local)} ${plain(socket.remote)}`, socket);
    }
  }

  fill(file: FileLook, inode: string): void {
    const socket = this.#byInode.get(inode);
    if (!socket) return;
    file.internet = true;
    if (socket.unread > 0) file.unread = socket.unread;
    if (socket.listens) {
      file.listens = `port ${parseInt(socket.local.slice(-4), 16)}`;
      return;
    }
    const other = this.#connected.get(`${plain(socket.remote)} ${plain(socket.local)}`);
    // A connection that nobody has accepted yet belongs to no process, only to the socket that takes connections.
    const peer = other && other.inode !== '0' ? other : other && this.#listening.get(socket.remote.slice(-4));
    if (peer) file.peer = objectOf(peer.inode);
  }
}

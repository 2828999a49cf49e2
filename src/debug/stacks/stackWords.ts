import { baseName } from '../../core/paths';
import type { Frame } from './frame';

/** What the functions of the standard library that block mean to the program that calls them: file, function, words. */
const meanings: readonly [file: RegExp, name: RegExp, words: string][] = [
  [/multiprocessing[\\/]pool\.py$/, /^(worker|_process_worker)$/, 'waits for a task'],
  [/concurrent[\\/]futures[\\/](process|thread)\.py$/, /^(_worker|_process_worker)$/, 'waits for a task'],
  [/multiprocessing[\\/]pool\.py$/, /^(_handle_workers|_handle_tasks|_handle_results)$/, 'serves its pool'],
  [/multiprocessing[\\/]pool\.py$/, /^(join|__exit__|_terminate_pool)$/, 'waits for its pool to end'],
  [/multiprocessing[\\/]pool\.py$/, /^(map|starmap|apply|imap|get|wait|next|__next__)$/, 'waits for a result'],
  [/concurrent[\\/]futures[\\/]/, /^(result|exception|wait|as_completed|result_iterator|_result_or_cancel)$/, 'waits for a result'],
  [/concurrent[\\/]futures[\\/]/, /^(shutdown|__exit__)$/, 'waits for its executor to end'],
  [/multiprocessing[\\/]queues\.py$/, /^_feed$/, 'sends what is put into a queue'],
  [/multiprocessing[\\/]queues\.py$|[\\/]queue\.py$/, /^get$/, 'waits for an item of a queue'],
  [/multiprocessing[\\/]queues\.py$|[\\/]queue\.py$/, /^put$/, 'waits for room in a queue'],
  [/multiprocessing[\\/]queues\.py$|[\\/]queue\.py$/, /^join$/, 'waits for a queue to be done'],
  [/multiprocessing[\\/](process|popen_\w+|util)\.py$/, /^(join|wait|_exit_function)$/, 'waits for a process to end'],
  [/[\\/]subprocess\.py$/, /^(run|call|check_call|check_output|wait|communicate|__exit__)$/, 'waits for a process to end'],
  [/multiprocessing[\\/]managers\.py$/, /^_callmethod$/, 'waits for a manager'],
  [/multiprocessing[\\/]connection\.py$/, /^(recv|recv_bytes|poll|wait|accept)$/, 'waits for a message'],
  [/multiprocessing[\\/]connection\.py$/, /^(send|send_bytes)$/, 'sends a message'],
  [/multiprocessing[\\/]synchronize\.py$|[\\/]threading\.py$/, /^(acquire|__enter__)$/, 'waits for a lock'],
  [/[\\/]threading\.py$/, /^(join|_shutdown|_wait_for_tstate_lock)$/, 'waits for a thread to end'],
  [/multiprocessing[\\/]synchronize\.py$|[\\/]threading\.py$/, /^(wait|wait_for)$/, 'waits to be notified'],
  [/asyncio[\\/]/, /^(run|run_forever|run_until_complete|_run_once)$/, 'runs its event loop'],
  [/[\\/]selectors\.py$/, /^select$/, 'waits for input or output'],
  [/[\\/](socket|ssl)\.py$/, /^(accept|recv|recv_into|read|readinto)$/, 'waits for the network'],
];

const shortName = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

/** What the call of a library does, in words: `waits for a result`, `in dumps (json/__init__.py)`. The outermost frame is what the program called. */
export function doingIn(library: readonly Frame[]): string {
  for (const { file, function: name } of library) {
    const found = meanings.find(([inFile, called]) => inFile.test(file) && called.test(shortName(name)));
    if (found) return found[2];
  }
  const [called] = library;
  return called ? `in ${called.function} (${/__init__\.py$/.test(called.file) ? called.file.split(/[\\/]/).slice(-2).join('/') : baseName(called.file)})` : '';
}

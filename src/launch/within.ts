import { HumanError } from '../core/errors';

/**
 * What a promise gives. Rejects with {@link HumanError} when that takes longer than `ms`: an adapter, an extension or a process
 * that never answers must not hold up whoever asks. `who` is named in the message.
 */
export async function within<T>(ms: number, who: string, promise: PromiseLike<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new HumanError(`${who} did not answer within ${Math.round(ms / 1000)} s.`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until `is()` holds, which is looked at when `changed` tells and every so often, at most `ms`. Gives whether it holds. */
export async function becomes(is: () => boolean, changed: (listener: () => void) => { dispose(): unknown }, ms: number, lookEvery = 500): Promise<boolean> {
  let stop: () => void = () => undefined;
  await new Promise<void>((done) => {
    const look = (): void => void (is() && done());
    const listening = changed(look);
    const polling = setInterval(look, lookEvery);
    const late = setTimeout(done, ms);
    stop = () => {
      listening.dispose();
      clearInterval(polling);
      clearTimeout(late);
    };
    look();
  }).finally(() => stop());
  return is();
}

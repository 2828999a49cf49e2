/** The cases that `npm test` runs: each kind of rule once or twice, quick to tell. */
export const sample: readonly string[] = [
  'python/broken/01-abba-locks', 'python/broken/05-semaphore-not-released', 'python/broken/09-sys-exit-in-task', 'python/broken/13-undrained-at-exit',
  'python/broken/17-siblings-hold-pipes', 'python/broken/19-consumer-gone', 'python/broken/23-pool-waits-for-itself', 'python/broken/27-no-main-guard',
  'python/broken/31-worker-leaves-executor', 'python/broken/33-null-pointer', 'python/broken/35-same-port-twice', 'python/broken/43-all-in-one-chunk',
  'node/broken/07-result-not-cloneable', 'node/broken/13-hidden-prompt', 'node/broken/31-cluster-storm', 'node/broken/39-not-executable',
  'python/healthy/05-slot-handed-over', 'python/healthy/15-asyncio-backpressure', 'python/healthy/21-late-party', 'python/healthy/29-optional-module',
  'node/healthy/01-ordered-locks', 'node/healthy/13-cancelled-task', 'node/healthy/19-paused-and-continued', 'node/healthy/25-optional-tool',
];

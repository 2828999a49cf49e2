async function work() { await null; throw new Error('rejected'); }
await Promise.allSettled([work()]);
work();

process.on('unhandledRejection', (reason, promise) => { console.log('unhandled', reason.message, new Error('here').stack); promise.catch(() => {}); });
process.on('rejectionHandled', () => console.log('handled late'));
Promise.reject(new Error('r'));

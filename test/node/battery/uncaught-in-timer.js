setTimeout(function tick() { throw new Error('late'); }, 1);

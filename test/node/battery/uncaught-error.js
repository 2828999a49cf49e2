function inner() { throw new RangeError('out of it'); }
function outer() { inner(); }
outer();

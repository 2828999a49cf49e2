const order = [];
process.nextTick(() => order.push('tick'));
Promise.resolve().then(() => order.push('promise'));
setImmediate(() => order.push('immediate'));
require('child_process').execFile('true', () => { order.push('child'); console.log(order.join()); });
order.push('main');

const vm = require('vm');
vm.runInNewContext('function f() { throw new TypeError("in there") } f()', {}, { filename: 'inside.vm' });

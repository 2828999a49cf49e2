/* fork starts another Node process with a channel for messages. It ends once the parent disconnects. */
const { fork } = require('node:child_process');

if (process.argv[2] === 'child') {
  process.on('message', (number) => process.send(number * number));
} else {
  const child = fork(__filename, ['child']);
  const numbers = [1, 2, 3];
  child.on('message', (square) => {
    console.log(square);
    if (numbers.length) child.send(numbers.shift());
    else child.disconnect();
  });
  child.on('exit', (code) => console.log('child ended with', code));
  child.send(numbers.shift());
}

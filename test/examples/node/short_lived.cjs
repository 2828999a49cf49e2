/* Thirty programs that live about a millisecond each, five at a time. */
const { spawn } = require('node:child_process');

let left = 30;
let ended = 0;

function startOne() {
  if (left-- <= 0) return;
  spawn('true').on('exit', () => {
    if (++ended === 30) console.log('thirty programs have come and gone');
    startOne();
  });
}

for (let i = 0; i < 5; i++) startOne();

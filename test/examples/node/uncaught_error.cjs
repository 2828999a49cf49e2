/* An error that nobody catches ends the program with its stack on stderr and exit code 1. */
function average(numbers) {
  if (numbers.length === 0) throw new RangeError('no numbers, no average');
  return numbers.reduce((sum, number) => sum + number) / numbers.length;
}

console.log(average([1, 2, 3]));
console.log(average([]));

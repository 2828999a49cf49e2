/* Adds the numbers of a JSON list on stdin. */
const chunks = [];
process.stdin.on('data', (chunk) => chunks.push(chunk));
process.stdin.on('end', () => {
  console.log(JSON.parse(Buffer.concat(chunks)).reduce((sum, number) => sum + number, 0));
});

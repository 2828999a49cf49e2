/* process.title is the name that process lists show: a text of the program's own choice in place of its command line. */
const { fork } = require('node:child_process');

if (process.argv[2]) {
  process.title = process.argv[2];
  setTimeout(() => {}, 1_500);
} else {
  for (const title of ['nginx: worker /etc/nginx/nginx.conf', 'my-app']) fork(__filename, [title]);
}

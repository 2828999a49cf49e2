/* process.execve replaces the program, not the process (Node 22.15 and later). */
if (process.argv[2] === 'again') {
  console.log('same process:', process.env.FIRST_PID === String(process.pid));
  process.exit(4);
}
process.execve(process.execPath, [process.execPath, '--no-warnings', __filename, 'again'], { ...process.env, FIRST_PID: String(process.pid) });

import { HumanError, messageOf } from '../core/errors';
import { rowsForTerminal } from '../core/escapes';
import { takeOver } from './handover';

const usage = `procession: run a program of many processes and see every one of them

  procession run [options] [--] COMMAND [ARGS…]
      --report FILE   write what is known of every process as JSON
      --record DIR    keep the run directory in DIR (a new or empty folder)
      --no-probe      put nothing into the program; look from outside only
      --poll MS       time between looks at the process table (100; 0: never)
      --wait          stay until every process of the run has ended, not only the first
      --hang-after S  look why nothing happens after S seconds without news; findings are in the report
      --stop-on-hang  stop a run that can't go on, say why, and exit with 124 (--hang-after 10 if not given)
      --timeout S     stop the run after S seconds in any case, and exit with 124
  procession open DIR [--json] [--report FILE] [--terminate PID] [--kill PID] [--stop]
      show a recorded or a live run; act on its processes
  procession explain DIR|RUN [--member PID] [--json]
      say why a run does not go on, or why it failed; a run that goes on is asked
  procession map FILE.workload.json [--resume] [--retry-failed] [--dry-run]
  procession map --python FILE.py:FUNCTION --range 0:1000
      one function or command over many inputs, on all cores; "procession map --help"
  procession help

stdin, stdout, stderr and the exit status are the program's own.
`;

type Command = (args: string[]) => Promise<number>;

/** For a command that prints: a pipe takes 64 kB at a time, and an exit drops what its reader has left waiting. */
const printing = (command: Command): Command => async (args) => {
  process.stdout.on('error', () => undefined);
  const status = await command(args);
  await new Promise<void>((done) => process.stdout.write('', () => done()));
  return status;
};

/** Commands are loaded when they are asked for: a launch need not pay for the others. */
const commands: Record<string, () => Promise<Command>> = {
  run: async () => (await import('./run')).run,
  open: async () => printing((await import('./open')).open),
  explain: async () => printing((await import('./explain')).explain),
  map: async () => printing((await import('./map')).runMap),
  launch: async () => (await import('./launch')).launch,
  observe: async () => (await import('./observe')).observe,
  archive: async () => (await import('./archive')).archive,
};

const isHelp = (word: string | undefined): boolean => word === '--help' || word === '-h';

async function main(argv: string[]): Promise<number> {
  const [name = 'help', ...args] = argv;
  // `map` has a help of its own.
  if (name === 'help' || isHelp(name) || (name !== 'map' && isHelp(args[0]))) {
    process.stdout.write(usage);
    return 0;
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!load) throw new HumanError(`There is no command "${name}". See "procession help".`);
  return (await load())(args);
}

takeOver(process.env);
main(process.argv.slice(2)).then(
  (status) => process.exit(status),
  (error: unknown) => {
    const shown = error instanceof HumanError ? messageOf(error) : error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`procession: ${rowsForTerminal(shown)}\n`);
    process.exit(error instanceof HumanError ? error.status : 70);
  },
);

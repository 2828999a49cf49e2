/** What a person may ask to be launched: the keys of a `procession` launch configuration, named as in debugpy and js-debug. */
export interface LaunchOptions {
  name?: string;
  program?: string;
  module?: string;
  /** a `*.workload.json` to run across cores */
  workload?: string;
  args?: string[] | string;
  cwd?: string;
  /** null removes a variable (as in js-debug) */
  env?: Record<string, string | null>;
  envFile?: string | string[];
  python?: string | string[];
  pythonArgs?: string[];
  runtimeExecutable?: string | null;
  runtimeArgs?: string[];
  console?: 'integratedTerminal' | 'internalConsole' | 'externalTerminal';
  /** any command line; a string is split into words as a shell would, a list is taken as it is */
  command?: string | string[];
  /** what Stop sends, stage by stage; default: SIGINT, SIGTERM, SIGKILL */
  stopSignals?: NodeJS.Signals[];
  /** seconds that each stage of Stop has */
  stopTimeout?: number;
}

/** What will be executed. */
export interface ResolvedLaunch {
  /** an argument list; no shell reads it unless the person wrote a shell's operators */
  argv: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
}

/** What the launcher tells every process of a run. */
export interface Mark {
  /** the nearest ancestor with a probe */
  readonly ancestor: string | undefined;
  readonly options: string;
  /** the run directory */
  readonly run: string;
}

/** What was taken out of the program's environment, to be put back into each child's. */
export interface Taken {
  readonly mark: Mark;
  /** `--require "<probe>"` as found in NODE_OPTIONS, and the path in it */
  readonly option: string | undefined;
  readonly probe: string;
  /** the directory of the Python probe, when it was found in PYTHONPATH */
  readonly boot: string | undefined;
  /** what was handed down of the debugger's, see attaching.ts */
  readonly attach: string | undefined;
  /** a library may have been put before the C library, and tell this process another time than the system's */
  readonly hasLibraries: boolean;
  /** this process's own reference: set in a worker thread, which is told by the thread that made it */
  readonly thread?: string;
  /** that thread is Node's own, for module hooks */
  readonly isInternal?: boolean;
}

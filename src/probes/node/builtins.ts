/* eslint-disable @typescript-eslint/no-require-imports -- an import would load at once */
import type * as Cluster from 'cluster';
import type * as DiagnosticsChannel from 'diagnostics_channel';
import type * as Module from 'module';
import type * as Os from 'os';
import type * as Path from 'path';
import type * as Url from 'url';
import type * as Util from 'util';
import type * as WorkerThreads from 'worker_threads';

// Modules of Node that the probe needs later or never. Each costs up to 0.3 ms to require even where
// Node has loaded it for itself, and start-up is what every process of a run pays. The first one does
// not exist in versions in which the probe has to do nothing and must not fail.
export const cluster = (): typeof Cluster.default => require('cluster') as typeof Cluster.default;
export const diagnosticsChannel = (): typeof DiagnosticsChannel => require('diagnostics_channel') as typeof DiagnosticsChannel;
export const moduleModule = (): typeof Module => require('module') as typeof Module;
export const os = (): typeof Os => require('os') as typeof Os;
export const path = (): typeof Path => require('path') as typeof Path;
export const url = (): typeof Url => require('url') as typeof Url;
export const util = (): typeof Util => require('util') as typeof Util;
export const workerThreads = (): typeof WorkerThreads => require('worker_threads') as typeof WorkerThreads;

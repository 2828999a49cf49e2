import type { BuildOptions } from 'esbuild';

export declare function nodeProbe(folder: string, common?: BuildOptions): BuildOptions;

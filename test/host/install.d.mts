export interface HostPaths {
  folder: string;
  node: string;
  serverMain: string;
  codeServer: string;
}
export function cacheRoot(): string;
export function hostFolder(): string;
export function hostPaths(folder?: string): HostPaths;
export function installHost(options?: { log?: (line: string) => void }): Promise<HostPaths>;

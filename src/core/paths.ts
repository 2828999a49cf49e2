/** The last part of a path of whichever system: the program may have run on another. */
export const baseName = (path: string): string => path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);

/** True for a source file that a package manager or the runtime has put there, as opposed to one of the person's own. */
export const isLibrary = (path: string): boolean =>
  /[\\/](site-packages|dist-packages|node_modules)[\\/]|[\\/]lib[\\/]python3[\d.]*[\\/]|^(node:|<frozen )/.test(path);

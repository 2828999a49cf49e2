/* Loaded before the program by NODE_OPTIONS=--require. */
globalThis.preloaded = 'the preload of the user';

/* Loaded before the program by NODE_OPTIONS=--require. */
console.log('preload of the user');

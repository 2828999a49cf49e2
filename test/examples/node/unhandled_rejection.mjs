// A promise that is rejected and nobody looks: the same end as an uncaught error.
async function load(name) {
  throw new Error(`no such thing: ${name}`);
}

void load('moon');
setTimeout(() => console.log('never printed'), 1000);

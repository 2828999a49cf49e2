// env: NODE_OPTIONS= PYTHONPATH=
console.log(JSON.stringify(process.env), process.env.NODE_OPTIONS === '', 'PYTHONPATH' in process.env, 'PROCESSION' in process.env);

console.log(JSON.stringify(process.env), 'NODE_OPTIONS' in process.env, 'PYTHONPATH' in process.env, 'PROCESSION' in process.env);

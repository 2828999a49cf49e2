// env: ZZ=last
const report = process.report.getReport(new Error('asked'));
console.log(report.environmentVariables, report.javascriptStack, report.workers, report.header.commandLine.slice(1), report.libuv.map(({ type }) => type));
const { Worker } = require('worker_threads');
new Worker(`const { environmentVariables, javascriptStack, header } = process.report.getReport(); console.log(Object.keys(environmentVariables), javascriptStack, header.threadId)`, { eval: true, env: { A: '1' } });

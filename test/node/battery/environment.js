// env: NODE_OPTIONS=--no-warnings PYTHONPATH=/somewhere:/else ZZ=last AA=first
console.log(JSON.stringify(process.env), Object.keys(process.env), process.execArgv, process.argv.length);
const { environmentVariables } = process.report.getReport();
console.log(JSON.stringify(environmentVariables));

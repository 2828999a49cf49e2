setTimeout(() => process.exit(3), 300);

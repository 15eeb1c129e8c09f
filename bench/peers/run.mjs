// A whole process around one call, for what brings no command of its own: node run.mjs MODULE DIRECTORY ACTION.
const [module, directory, action] = process.argv.slice(2);
const { prepare } = await import(module);
const call = await prepare(directory, action);
await call(process.env.DATABASE_URL);

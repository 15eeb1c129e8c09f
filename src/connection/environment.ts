// The one module that reads the process's environment. Everything else is given what it needs.

/** Environment variables by name, as a value that can be made up in a test. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process, as it is now. */
export function readEnvironment(): Environment {
  return process.env;
}

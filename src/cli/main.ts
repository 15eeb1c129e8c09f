// The process `hj`: the only place that sets an exit code.
import { CommanderError } from "commander";
import { readEnvironment } from "../connection/environment.ts";
import { withoutCredentials } from "../connection/redact.ts";
import { endAsProcessOne } from "./interrupt.ts";
import { createProgram } from "./program.ts";

if (process.pid === 1) endAsProcessOne(process);
try {
  const onExit = (code: number) => {
    process.exitCode = code;
  };
  await createProgram(readEnvironment(), onExit).parseAsync();
} catch (error) {
  // Commander has said what was wrong; help and version are no errors.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    process.stderr.write(`Error: ${withoutCredentials(error instanceof Error ? error.message : String(error))}\n`);
    // An event that cannot be read is a wrong argument; anything else went wrong while it was carried out.
    process.exitCode = error instanceof SyntaxError ? 2 : 1;
  }
}

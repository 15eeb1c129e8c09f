// This tool in process: the function as it is packaged for these migrations, invoked as Lambda does it. Plain JavaScript,
// as all that call-in-child.mjs loads: taking types away on the fly leaves garbage, which is collected in the call.
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";

/** Loads it, before anything is timed. The database is the one of the environment, which the function reads when it is loaded. */
export async function prepare(directory, action) {
  process.env.HELLOJOHN_DATABASE_URL = process.env.DATABASE_URL;
  const { handler } = createRequire(import.meta.url)(join(directory, "..", "function", "index.cjs"));
  const context = {
    awsRequestId: randomUUID(),
    invokedFunctionArn: "arn:aws:lambda:eu-west-1:123456789012:function:hellojohn-migration-hook",
    getRemainingTimeInMillis: () => 900_000,
  };
  return async () => {
    const report = await handler({ command: action === "up" ? "run" : "status" }, context);
    if (!report.ok) throw new Error(JSON.stringify(report));
  };
}

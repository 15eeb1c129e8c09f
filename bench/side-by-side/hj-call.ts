// This tool in process: the function as it is packaged for these migrations, invoked as Lambda does it. Imported by
// call-in-child.ts.
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import { env } from "node:process";
import type { Action } from "./contestants.ts";

/** Loads it, before anything is timed. The database is the one of the environment, which the function reads when it is loaded. */
export async function prepare(directory: string, action: Action): Promise<() => Promise<void>> {
  env["HELLOJOHN_DATABASE_URL"] = env["DATABASE_URL"];
  const { handler } = createRequire(import.meta.url)(join(directory, "..", "function", "index.cjs"));
  const context = {
    awsRequestId: randomUUID(),
    invokedFunctionArn: "arn:aws:lambda:eu-west-1:123456789012:function:hellojohn-migration-hook",
    getRemainingTimeInMillis: () => 900_000,
  };
  return async () => {
    const report = await handler({ command: action === "up" ? "run" : "list" }, context);
    if (!report.ok) throw new Error(JSON.stringify(report));
  };
}

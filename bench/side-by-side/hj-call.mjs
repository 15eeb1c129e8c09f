// This tool in process: the function as it is built for AWS Lambda, with the scenario's migrations in it. Plain
// JavaScript, as what call-in-child.mjs loads of the others: taking types away leaves garbage, collected in the call.
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";

export async function prepare(directory, action) {
  process.env.HELLOJOHN_DATABASE_URL = process.env.DATABASE_URL;
  const { handler } = createRequire(import.meta.url)(join(directory, "index.cjs"));
  const event = { command: action === "up" ? "run" : "list" };
  const context = { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => 900_000 };
  return async () => {
    const report = await handler(event, context);
    if (!report.ok) throw new Error(JSON.stringify(report));
  };
}

// Events as AWS's callers send them, after its public documentation, to be changed by a test.
import { readFileSync } from "node:fs";

/** The names of the files in fixtures/events. */
export type Caller = "codedeploy" | "codepipeline" | "cloudformation" | "ecs" | "ecs-flat" | "scheduled";

/** A fresh copy each time. */
export function callerEvent(caller: Caller): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(`../fixtures/events/${caller}.json`, import.meta.url), "utf8"));
}

/** The same event with other values at the top. */
export function changedEvent(caller: Caller, changes: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { ...callerEvent(caller), ...changes };
}

/** A job of CodePipeline with this text in its UserParameters, and this token. */
export function pipelineJob(parameters: string | null, token?: string, id?: string): Record<string, unknown> {
  const event = callerEvent("codepipeline");
  const job = event["CodePipeline.job"] as { id: string; data: Record<string, unknown> };
  job.data["actionConfiguration"] = { configuration: { FunctionName: "f", UserParameters: parameters } };
  if (token !== undefined) job.data["continuationToken"] = token;
  if (id !== undefined) job.id = id;
  return event;
}

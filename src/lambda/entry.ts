// What AWS Lambda loads: the environment and the built-in manifest, wired to the handler.

import { manifest } from "hj:manifest";
import type { Context } from "aws-lambda";
import { preload } from "../connection/connector.ts";
import { readEnvironment } from "../connection/environment.ts";
import { parseSettings } from "../connection/settings.ts";
import { awsCaller } from "./call-aws.ts";
import { createHandler } from "./handler.ts";
import { warmUp } from "./warm-up.ts";

const print = (text: string) => process.stdout.write(text);
const log = (line: object) => print(`${JSON.stringify(line)}\n`);
const settings = parseSettings(readEnvironment());
const handle = createHandler(settings, manifest, { caller: awsCaller, log });
if (!("problems" in settings)) preload(settings);
// Not even its line is to be seen, and the first one that is printed costs a millisecond more.
warmUp(() => print("")).catch(() => {});

/** The function's handler, `index.handler`. Lambda ends an invocation without a signal, so none is passed on. */
export async function handler(event: unknown, context: Context): Promise<unknown> {
  return handle(event, {
    invocationId: context.awsRequestId,
    functionArn: context.invokedFunctionArn,
    remainingMs: () => context.getRemainingTimeInMillis(),
    signal: new AbortController().signal,
    onProgress: () => {},
  });
}

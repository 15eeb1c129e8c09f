// The client of Lambda. Named imports, so that a bundle holds one command of it and not all: only a dynamic import of this
// file may load it.
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { ONCE } from "./once.ts";

/** Asynchronously: returns when Lambda has the event, not its answer. Throws the SDK's error. */
export async function invokeLater(FunctionName: string, event: object, abortSignal: AbortSignal): Promise<void> {
  const Payload = new TextEncoder().encode(JSON.stringify(event));
  await new LambdaClient(ONCE).send(new InvokeCommand({ FunctionName, InvocationType: "Event", Payload }), {
    abortSignal,
  });
}

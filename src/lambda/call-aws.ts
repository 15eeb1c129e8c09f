// The calls that answers are made of. Each client is loaded by the first call that needs it, and by no other.
import type { Caller } from "./deliver.ts";
import type { Call, JobFailure, JobSuccess, LifecycleStatus } from "./trigger.ts";

/** The real caller: AWS as the environment says it. */
export const awsCaller: Caller = { prepare, make };

/** What cannot be loaded is told by the call itself. */
function prepare(to: Call["to"]): void {
  CLIENTS[to]?.().catch(() => {});
}

const CLIENTS: Partial<Record<Call["to"], () => Promise<unknown>>> = {
  codedeploy: () => import("@aws-sdk/client-codedeploy"),
  codepipeline: () => import("@aws-sdk/client-codepipeline"),
};

async function make(call: Call, signal: AbortSignal): Promise<void> {
  switch (call.to) {
    case "codedeploy":
      return putLifecycleStatus(call.input, signal);
    case "codepipeline":
      return call.operation === "success" ? putJobSuccess(call.input, signal) : putJobFailure(call.input, signal);
    case "cloudformation":
      return putResponse(call.url, call.body, signal);
    case "itself":
      return invokeItself(call.functionArn, call.event, signal);
  }
}

const ONCE = { maxAttempts: 1, requestHandler: { connectionTimeout: 3_000 } } as const;

async function putLifecycleStatus(input: LifecycleStatus, abortSignal: AbortSignal): Promise<void> {
  const { CodeDeployClient, PutLifecycleEventHookExecutionStatusCommand } = await import("@aws-sdk/client-codedeploy");
  await new CodeDeployClient(ONCE).send(new PutLifecycleEventHookExecutionStatusCommand(input), { abortSignal });
}

async function putJobSuccess(input: JobSuccess, abortSignal: AbortSignal): Promise<void> {
  const { CodePipelineClient, PutJobSuccessResultCommand } = await import("@aws-sdk/client-codepipeline");
  await new CodePipelineClient(ONCE).send(new PutJobSuccessResultCommand(input), { abortSignal });
}

async function putJobFailure(input: JobFailure, abortSignal: AbortSignal): Promise<void> {
  const { CodePipelineClient, PutJobFailureResultCommand } = await import("@aws-sdk/client-codepipeline");
  await new CodePipelineClient(ONCE).send(new PutJobFailureResultCommand(input), { abortSignal });
}

async function invokeItself(FunctionName: string, event: object, abortSignal: AbortSignal): Promise<void> {
  const { InvokeCommand, LambdaClient } = await import("@aws-sdk/client-lambda");
  const Payload = new TextEncoder().encode(JSON.stringify(event));
  await new LambdaClient(ONCE).send(new InvokeCommand({ FunctionName, InvocationType: "Event", Payload }), {
    abortSignal,
  });
}

/** To a presigned URL of S3, whose signature covers an empty content type: fetch would set one of its own. */
async function putResponse(url: string, body: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, {
    method: "PUT",
    headers: { "content-type": "" },
    body: new TextEncoder().encode(body),
    signal,
  });
  await response.body?.cancel();
  if (!response.ok) throw new ResponseRefused(response.status);
}

/** Name and fault as the SDK's own errors have them, so that both are judged alike. */
class ResponseRefused extends Error {
  override readonly name = "ResponseRefused";
  readonly $fault: "client" | "server";

  constructor(status: number) {
    super(`the ResponseURL answered with status ${status}`);
    this.$fault = status < 500 ? "client" : "server";
  }
}

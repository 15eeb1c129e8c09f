// The calls that answers are made of. Each client is loaded by the first call that needs it, and by no other.
import type { Caller } from "./deliver.ts";
import type { Call } from "./trigger.ts";

/** The real caller: AWS as the environment says it. */
export const awsCaller: Caller = { prepare, make };

/** What cannot be loaded is told by the call itself. */
function prepare(to: Call["to"]): void {
  CLIENTS[to]?.().catch(() => {});
}

const CLIENTS: Partial<Record<Call["to"], () => Promise<unknown>>> = {
  codedeploy: () => import("./clients/codedeploy.ts"),
  codepipeline: () => import("./clients/codepipeline.ts"),
};

async function make(call: Call, signal: AbortSignal): Promise<void> {
  switch (call.to) {
    case "codedeploy": {
      const { putLifecycleStatus } = await import("./clients/codedeploy.ts");
      return putLifecycleStatus(call.input, signal);
    }
    case "codepipeline": {
      const { putJobFailure, putJobSuccess } = await import("./clients/codepipeline.ts");
      return call.operation === "success" ? putJobSuccess(call.input, signal) : putJobFailure(call.input, signal);
    }
    case "cloudformation":
      return putResponse(call.url, call.body, signal);
    case "itself": {
      const { invokeLater } = await import("./clients/lambda.ts");
      return invokeLater(call.functionArn, call.event, signal);
    }
  }
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

// The process that the demo's function runs in: does for the bundle what Lambda's runtime does, and nothing of its own.
// Events come over the channel that `fork` opens, answers go back over it; the log is standard output, as in Lambda.
import { createRequire } from "node:module";
import type { Job, Result } from "./function-sandbox.ts";

const [bundle = ""] = process.argv.slice(2);
// Ctrl-C reaches every process of the terminal. What ends this one is the demo, in its order.
process.on("SIGINT", () => {});
process.on("disconnect", () => process.exit());

const { handler } = createRequire(import.meta.url)(bundle);
process.on("message", async (job: Job) => {
  const result = await answerTo(job);
  // Behind what the handler logged.
  process.stdout.write(`END RequestId: ${job.requestId}\n`, () => process.send?.(result));
});

async function answerTo({ requestId, functionArn, event, deadlineAt }: Job): Promise<Result> {
  const context = {
    awsRequestId: requestId,
    invokedFunctionArn: functionArn,
    getRemainingTimeInMillis: () => deadlineAt - Date.now(),
  };
  try {
    return { isError: false, body: JSON.stringify(await handler(JSON.parse(event), context)) ?? "null" };
  } catch (error) {
    const { name, message } = error as Error;
    return { isError: true, body: JSON.stringify({ errorType: name, errorMessage: message }) };
  }
}

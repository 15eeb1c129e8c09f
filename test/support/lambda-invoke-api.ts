// The Invoke API over HTTP, in front of one function: request headers to options, outcome to response headers. Knows
// nothing of processes; what runs the function is given.
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { Answer } from "./lambda-runtime-api.ts";

/** AWS returns this much of the log's end. */
const LOG_TAIL_BYTES = 4 * 1024;

/** `timeoutMs` replaces the function's own for this invocation; `qualifier` only shows in the invoked ARN. */
export interface InvokeOptions {
  readonly timeoutMs?: number;
  readonly qualifier?: string;
}

/** How an invocation ended, with its whole log. */
export interface Outcome {
  readonly answer: Answer;
  readonly logs: string;
}

/** An accepted invocation. `outcome` rejects only when the function is stopped before its turn or cannot be started. */
export interface Enqueued {
  readonly requestId: string;
  readonly outcome: Promise<Outcome>;
}

/** The one function that is served. */
export interface InvokeTarget {
  readonly functionArn: string;
  readonly functionName: string;
  enqueue(event: string, options: InvokeOptions): Enqueued;
}

/**
 * Answers one HTTP request as AWS would; what it does not know is refused with AWS's error types.
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export async function serveInvoke(
  request: IncomingMessage,
  response: ServerResponse,
  target: InvokeTarget,
): Promise<void> {
  const event = (await text(request)) || "{}";
  const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
  const [, called] = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(decodeURIComponent(pathname)) ?? [];
  if (request.method !== "POST" || called === undefined) {
    return refuse(response, 404, "UnknownOperationException", `${request.method} ${pathname} is not the Invoke API`);
  }
  const name = [target.functionArn, target.functionName].find((own) => called === own || called.startsWith(`${own}:`));
  if (name === undefined) {
    return refuse(response, 404, "ResourceNotFoundException", `Function not found: ${called}`);
  }
  if (!isJson(event)) {
    return refuse(response, 400, "InvalidRequestContentException", "Could not parse request body into json");
  }
  const qualifier = searchParams.get("Qualifier") ?? called.slice(name.length + 1);
  const { requestId, outcome } = target.enqueue(event, qualifier === "" ? {} : { qualifier });
  response.setHeader("x-amzn-RequestId", requestId);
  if (request.headers["x-amz-invocation-type"] === "Event") {
    response.writeHead(202).end();
    // Nobody waits for the outcome; it fails only when the test has stopped the function.
    await outcome.catch(() => undefined);
    return;
  }
  const finished = await outcome.catch((error: Error) => error);
  if (finished instanceof Error) return refuse(response, 500, "ServiceException", finished.message);
  if (finished.answer.isError) response.setHeader("X-Amz-Function-Error", "Unhandled");
  if (request.headers["x-amz-log-type"] === "Tail") {
    response.setHeader("X-Amz-Log-Result", Buffer.from(finished.logs).subarray(-LOG_TAIL_BYTES).toString("base64"));
  }
  response.setHeader("X-Amz-Executed-Version", "$LATEST");
  response.writeHead(200, { "Content-Type": "application/json" }).end(finished.answer.body);
}

function refuse(response: ServerResponse, status: number, type: string, message: string): void {
  response.writeHead(status, { "Content-Type": "application/json", "x-amzn-ErrorType": type });
  response.end(JSON.stringify({ Type: status < 500 ? "User" : "Service", Message: message }));
}

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

// The Runtime API (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) for one process: hands it one event
// at a time and keeps its answer. Knows nothing of processes and time-outs.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

const BASE = "/2018-06-01/runtime";
/** 6 MiB and 100 bytes: AWS's limit for the answer to a synchronous invocation. */
const ANSWER_LIMIT_BYTES = 6 * 1024 * 1024 + 100;

/** One event on its way to the function. `event` is JSON, passed on byte for byte. */
export interface Invocation {
  readonly requestId: string;
  readonly functionArn: string;
  readonly event: string;
}

/** What a caller gets: the handler's result as JSON, or an object with `errorType` and `errorMessage`. */
export interface Answer {
  readonly isError: boolean;
  readonly body: string;
}

/** Lets the process that waits for an event have it; `deadlineAt` is in milliseconds since the epoch. */
export type Deliver = (invocation: Invocation, deadlineAt: number) => void;

/** `address` is what AWS_LAMBDA_RUNTIME_API holds. */
export interface RuntimeApi {
  readonly address: string;
  /** What the process has posted since the last call: an answer, or why it could not start. */
  takeAnswer(): Answer | null;
  close(): Promise<void>;
}

/** Listens on a free port of the loopback interface. `onNext` is called each time the process asks for an event. */
export async function openRuntimeApi(onNext: (deliver: Deliver) => void): Promise<RuntimeApi> {
  let answer: Answer | null = null;
  let currentId: string | null = null;

  const server = createServer(async (request, response) => {
    const path = request.url ?? "";
    if (request.method === "GET" && path === `${BASE}/invocation/next`) {
      onNext((invocation, deadlineAt) => {
        currentId = invocation.requestId;
        sendEvent(response, invocation, deadlineAt);
      });
    } else if (request.method === "POST" && path === `${BASE}/init/error`) {
      answer = { isError: true, body: await text(request) };
      reply(response, 202, { status: "OK" });
    } else if (request.method === "POST" && path === `${BASE}/invocation/${currentId}/response`) {
      answer = checkSize({ isError: false, body: await text(request) });
      reply(response, 202, { status: "OK" });
    } else if (request.method === "POST" && path === `${BASE}/invocation/${currentId}/error`) {
      answer = { isError: true, body: await text(request) };
      reply(response, 202, { status: "OK" });
    } else {
      refuse(request, response);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    takeAnswer() {
      const taken = answer;
      answer = null;
      return taken;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function sendEvent(response: ServerResponse, invocation: Invocation, deadlineAt: number): void {
  const trace = invocation.requestId.replaceAll("-", "");
  response.writeHead(200, {
    "Content-Type": "application/json",
    "Lambda-Runtime-Aws-Request-Id": invocation.requestId,
    "Lambda-Runtime-Deadline-Ms": deadlineAt,
    "Lambda-Runtime-Invoked-Function-Arn": invocation.functionArn,
    "Lambda-Runtime-Trace-Id": `Root=1-${trace.slice(0, 8)}-${trace.slice(8)};Parent=${trace.slice(16)};Sampled=0`,
  });
  response.end(invocation.event);
}

function checkSize(answer: Answer): Answer {
  if (Buffer.byteLength(answer.body) <= ANSWER_LIMIT_BYTES) return answer;
  const errorMessage = `Response payload size exceeded maximum allowed payload size (${ANSWER_LIMIT_BYTES} bytes).`;
  return { isError: true, body: JSON.stringify({ errorType: "Function.ResponseSizeTooLarge", errorMessage }) };
}

function refuse(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  const errorMessage = `${request.method} ${request.url} is not what the Runtime API expects now`;
  reply(response, 400, { errorType: "InvalidRequest", errorMessage });
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}

// Plays AWS Lambda's API where it misbehaves: slow, throttled, asleep, cut off. Counts what reaches it, and runs nothing.
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { onTestFinished } from "vitest";

/** What becomes of one invocation that reached the API. */
export type Fate =
  /** `functionError` is what Lambda sets when the function threw or was cut. */
  | { readonly kind: "answer"; readonly body: string; readonly afterMs?: number; readonly functionError?: string }
  | { readonly kind: "error"; readonly status: number; readonly type: string; readonly body?: object }
  /** The connection ends after the whole request has been received. */
  | { readonly kind: "reset" }
  /** No answer before the test is over. */
  | { readonly kind: "silence" };

/** The states that the function is seen in, one after the other; the last one stays. */
export interface Behaviour {
  /** One for each invocation; the last one stays. */
  readonly fates: readonly Fate[];
  readonly states?: readonly { readonly State: string; readonly StateReason?: string }[];
  /** Answers the question for the state with this instead. */
  readonly stateError?: { readonly status: number; readonly type: string };
}

/** One invocation, as it was received. */
export interface Received {
  readonly path: string;
  readonly event: unknown;
  readonly invocationType: string | undefined;
}

export interface FaultyInvokeApi {
  readonly endpointUrl: string;
  /** Everything received so far; it grows. */
  readonly invocations: readonly Received[];
  /** How often the state was asked for. */
  readonly questions: () => number;
}

/** Listens on a free port of the loopback interface until the running test is over. */
export async function startFaultyInvokeApi({ fates, states = [], stateError }: Behaviour): Promise<FaultyInvokeApi> {
  const invocations: Received[] = [];
  const ended = new AbortController();
  let questions = 0;
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(request.url ?? "");
    const body = await text(request);
    if (request.method === "GET") {
      const state = states[Math.min(questions, states.length - 1)];
      questions += 1;
      if (stateError !== undefined) return refuse(response, stateError.status, stateError.type);
      response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(state ?? { State: "Active" }));
      return;
    }
    const fate = fates[Math.min(invocations.length, fates.length - 1)];
    const invocationType = request.headers["x-amz-invocation-type"];
    invocations.push({ path, event: JSON.parse(body), invocationType: String(invocationType) });
    if (fate !== undefined) await meet(fate, response, ended.signal);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    ended.abort();
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  });
  const { port } = server.address() as AddressInfo;
  return { endpointUrl: `http://127.0.0.1:${port}`, invocations, questions: () => questions };
}

async function meet(fate: Fate, response: ServerResponse, signal: AbortSignal): Promise<void> {
  switch (fate.kind) {
    case "answer": {
      await delay(fate.afterMs ?? 0, undefined, { signal }).catch(() => undefined);
      const error = fate.functionError === undefined ? {} : { "X-Amz-Function-Error": fate.functionError };
      response.writeHead(200, { "Content-Type": "application/json", ...error }).end(fate.body);
      return;
    }
    case "error":
      refuse(response, fate.status, fate.type, fate.body);
      return;
    case "reset":
      response.socket?.resetAndDestroy();
      return;
    case "silence":
  }
}

/** As AWS does: the type in a header, the sentence in the body. */
function refuse(response: ServerResponse, status: number, type: string, body: object = {}): void {
  const message = `${type} is played`;
  response.writeHead(status, { "Content-Type": "application/json", "x-amzn-ErrorType": type });
  response.end(JSON.stringify({ Type: "User", message, Message: message, ...body }));
}

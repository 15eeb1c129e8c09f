// An AWS service of the JSON 1.1 protocol on this machine: dispatch, the check against the SDK's model, a record of the
// calls, and faults. What an operation means is given by who starts it.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { findModelProblems, type OperationSchema } from "./aws-json-model.ts";

/** Which service, and what it can do. */
export interface JsonService {
  /** What stands before the dot in X-Amz-Target. */
  readonly target: string;
  /** The service's name in the scope of a signature. */
  readonly signingName: string;
  /** How the service spells the member of its errors; the SDK's schemas of them say so. */
  readonly messageMember: "Message" | "message";
  readonly operations: readonly JsonOperation[];
}

/** Made by `operation`. */
export interface JsonOperation {
  readonly schema: OperationSchema;
  readonly answer: (input: unknown) => object;
}

/**
 * What the operation does. Both sides are as they cross the wire: a blob is base64, an instant is seconds since 1970.
 * `answer` throws a ServiceError to refuse; its result is held against the model too.
 */
export function operation<Input>(schema: OperationSchema, answer: (input: Input) => object): JsonOperation {
  // The model has been checked by then, so an input is what the SDK's type for it says.
  return { schema, answer: (input) => answer(input as Input) };
}

/** An answer that is an error. Status 400 unless said otherwise. */
export class ServiceError extends Error {
  readonly type: string;
  readonly status: number;
  constructor(type: string, message: string, status = 400) {
    super(message);
    this.type = type;
    this.status = status;
  }
}

/** What a call meets instead of its answer (`delay`: before it). A hanging call ends with its client or the server. */
export type Fault =
  | { readonly kind: "error"; readonly error: ServiceError }
  | { readonly kind: "hang" }
  | { readonly kind: "close" }
  | { readonly kind: "delay"; readonly ms: number };

/** Which calls meet a fault. Default: all, until `heal()`. */
export interface FaultScope {
  readonly times?: number;
  readonly operation?: string;
}

/** One request that named an operation of the service, whatever became of it. */
export interface Call {
  readonly operation: string;
  readonly input: unknown;
  /** For which the request was signed; empty when it was not signed. */
  readonly region: string;
}

/** A service that answers until `stop()`. */
export interface JsonApi {
  readonly endpointUrl: string;
  /** In the order in which they came, retries included. */
  readonly calls: readonly Call[];
  /** What requests (and answers) did not match the model in. A test that cares expects it to be empty in the end. */
  readonly violations: readonly string[];
  /** Of several faults that fit a call, it meets the one that was injected first. */
  inject(fault: Fault, scope?: FaultScope): void;
  /** Forgets every fault; calls that hang go on hanging. */
  heal(): void;
  stop(): Promise<void>;
}

interface State {
  readonly service: JsonService;
  readonly calls: Call[];
  readonly violations: string[];
  faults: { readonly fault: Fault; readonly operation: string | null; left: number }[];
}

/** Listens on a free port of 127.0.0.1. */
export async function startJsonApi(service: JsonService): Promise<JsonApi> {
  const state: State = { service, calls: [], violations: [], faults: [] };
  const server = createServer((request, response) => {
    // A client that gave up leaves half a request or nobody to answer.
    serve(request, response, state).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpointUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: state.calls,
    violations: state.violations,
    inject: (fault, { times = Number.POSITIVE_INFINITY, operation: only = null as string | null } = {}) => {
      state.faults.push({ fault, operation: only, left: times });
    },
    heal: () => {
      state.faults = [];
    },
    async stop() {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(request: IncomingMessage, response: ServerResponse, state: State): Promise<void> {
  const body = await text(request);
  response.setHeader("x-amzn-RequestId", randomUUID());
  try {
    const { called, input } = understand(request, body, state);
    const fault = takeFault(called.schema[2], state);
    if (fault?.kind === "hang") return;
    if (fault?.kind === "close") {
      request.socket.destroy();
      return;
    }
    if (fault?.kind === "error") throw fault.error;
    if (fault?.kind === "delay") await delay(fault.ms);
    send(response, 200, answer(called, input, state));
  } catch (error) {
    const known = error instanceof ServiceError ? error : new ServiceError("InternalFailure", String(error), 500);
    response.setHeader("x-amzn-errortype", known.type);
    send(response, known.status, { __type: known.type, [state.service.messageMember]: known.message });
  }
}

/** Records the call; throws what AWS answers to a request that it cannot make anything of. */
function understand(request: IncomingMessage, body: string, state: State) {
  const { service, calls } = state;
  const target = String(request.headers["x-amz-target"] ?? "");
  const called = service.operations.find(({ schema }) => target === `${service.target}.${schema[2]}`);
  if (called === undefined || request.method !== "POST") {
    throw violation(state, "UnknownOperationException", `${request.method} ${target || "without X-Amz-Target"}`);
  }
  const name = called.schema[2];
  const input = parse(body);
  const { region, service: signedFor } = scopeOf(request.headers.authorization);
  calls.push({ operation: name, input, region });
  if (request.headers["content-type"] !== "application/x-amz-json-1.1") {
    throw violation(state, "UnknownOperationException", `${name}: content type ${request.headers["content-type"]}`);
  }
  if (signedFor !== service.signingName) {
    throw violation(state, "IncompleteSignatureException", `${name}: signed for "${signedFor}"`);
  }
  if (input === undefined) throw violation(state, "SerializationException", `${name}: the body is no JSON`);
  const problems = findModelProblems(called.schema[4], input);
  const [problem] = problems;
  if (problem === undefined) return { called, input };
  for (const further of problems.slice(1)) state.violations.push(`${name}: ${further}`);
  const type = problem.endsWith("is missing") ? "ValidationException" : "SerializationException";
  throw violation(state, type, `${name}: ${problem}`);
}

function answer({ schema, answer: decide }: JsonOperation, input: unknown, { violations }: State): object {
  const output = decide(input);
  violations.push(...findModelProblems(schema[5], output).map((problem) => `answer to ${schema[2]}: ${problem}`));
  return output;
}

function violation({ violations }: State, type: string, message: string): ServiceError {
  violations.push(message);
  return new ServiceError(type, message);
}

function takeFault(name: string, state: State): Fault | undefined {
  const met = state.faults.find(({ operation: only, left }) => left > 0 && (only ?? name) === name);
  if (met !== undefined) met.left--;
  return met?.fault;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html, step 4; the signature is not verified. */
function scopeOf(authorization = ""): { region: string; service: string } {
  const scope = /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request/.exec(authorization);
  return { region: scope?.[1] ?? "", service: scope?.[2] ?? "" };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, status: number, content: object): void {
  response.writeHead(status, { "Content-Type": "application/x-amz-json-1.1" }).end(JSON.stringify(content));
}

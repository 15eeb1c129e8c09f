// Invokes a deployed function through AWS's SDK, which is loaded here and only here: one request, one invocation.
import type { LambdaClient } from "@aws-sdk/client-lambda";
import { type Call, explainAsleep, explainCallError, isAsleep } from "./explain-call.ts";
import { type FunctionTarget, labelOf, statusCommandOf } from "./function-target.ts";
import { exitOnInterrupt } from "./interrupt.ts";
import type { Answer, Invoke, NoReport } from "./no-report.ts";
import { readAnswer } from "./read-answer.ts";
import { type WaitingLine, waitingLine } from "./terminal.ts";

type Sdk = typeof import("@aws-sdk/client-lambda");

/** A function that is being prepared takes a minute or two, longer when its network has to be made again. */
const WAKE_SECONDS = 300;

/** Shorter than NAT gateways and firewalls keep an idle connection (350 s), long enough to outlive a short outage. */
const KEEP_ALIVE_MS = 60_000;

interface Session {
  readonly sdk: Sdk;
  readonly client: LambdaClient;
  readonly target: FunctionTarget;
  readonly line: WaitingLine;
  /** Null when no region is known. */
  readonly region: string | null;
}

/** Lets `work` send events to the function. No call rejects: every error is explained in the answer. */
export async function withFunction<T>(target: FunctionTarget, work: (invoke: Invoke) => Promise<T>): Promise<T> {
  const sdk = await import("@aws-sdk/client-lambda");
  const client = new sdk.LambdaClient(clientOptions(target));
  const region = await client.config.region().catch(() => null);
  const line = waitingLine(process.stderr);
  try {
    return await work((event) => invoke({ sdk, client, target, line, region }, event));
  } finally {
    client.destroy();
  }
}

/**
 * A run may take fifteen minutes without a byte, and an invocation that is sent again is a second run: no attempt but
 * the first, and no time-out once connected, whatever the SDK's defaults are or become. AWS_MAX_ATTEMPTS and profiles
 * do not win over this.
 */
function clientOptions({ region, profile, endpointUrl }: FunctionTarget) {
  const agent = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS };
  return {
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: 10_000,
      requestTimeout: 0,
      socketTimeout: 0,
      httpAgent: agent,
      httpsAgent: agent,
    },
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
    ...(endpointUrl !== undefined && { endpoint: endpointUrl }),
  };
}

async function invoke(session: Session, event: unknown): Promise<Answer> {
  const { target, line, region } = session;
  const call: Call = { target, region, action: "lambda:InvokeFunction" };
  const where = region === null ? labelOf(target) : `${labelOf(target)} in ${region}`;
  let isWaking = false;
  const release = exitOnInterrupt(process, () => farewell(target, isWaking));
  try {
    line.say(`Waiting for ${where}`);
    const first = await send(session, event).catch((error: unknown) => {
      if (isAsleep(error)) return null;
      throw error;
    });
    if (first !== null) return first;
    isWaking = true;
    line.say(`${labelOf(target)} is not active; waiting until it is`);
    const noReport = await wake(session);
    if (noReport !== null) return { text: null, value: undefined, noReport };
    isWaking = false;
    line.say(`Waiting for ${where}`);
    return await send(session, event);
  } catch (error) {
    return { text: null, value: undefined, noReport: explainCallError(error, call) };
  } finally {
    release();
    line.clear();
  }
}

async function send({ sdk, client, target }: Session, event: unknown): Promise<Answer> {
  const { Payload, FunctionError } = await client.send(
    new sdk.InvokeCommand({
      ...functionOf(target),
      InvocationType: "RequestResponse",
      Payload: JSON.stringify(event),
    }),
  );
  return readAnswer(Payload?.transformToString() ?? "", FunctionError, target);
}

/** The refused invocation has woken the function: https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html */
async function wake({ sdk, client, target, region }: Session): Promise<NoReport | null> {
  const read = () => client.send(new sdk.GetFunctionConfigurationCommand(functionOf(target)));
  try {
    // The waiter takes an error for a state and waits on: whether it may look at all is found out here.
    await read();
    const bounds = { client, maxWaitTime: WAKE_SECONDS, minDelay: 1, maxDelay: 5 };
    // Its error is a dump of all it saw. The state is read again instead.
    const woken = await sdk.waitUntilFunctionActive(bounds, functionOf(target)).catch(() => null);
    if (woken !== null) return null;
    const { State = "unknown", StateReason } = await read();
    return explainAsleep(target, State, StateReason);
  } catch (error) {
    return explainCallError(error, { target, region, action: "lambda:GetFunctionConfiguration" });
  }
}

function functionOf({ name, qualifier }: FunctionTarget) {
  return { FunctionName: name, ...(qualifier !== null && { Qualifier: qualifier }) };
}

function farewell(target: FunctionTarget, isWaking: boolean): string {
  if (isWaking) return `Stopped waiting for ${labelOf(target)} to become active. Nothing was run.`;
  return `Stopped waiting. The run goes on in AWS; where it stands is told by:\n  ${statusCommandOf(target)}`;
}

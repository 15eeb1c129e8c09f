// A Lambda function on this machine: runs a built bundle under AWS's own runtime client, one invocation at a time, and
// offers the Invoke API, so that the AWS CLI and SDK can call it. Knows nothing of what the function does.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, parse, resolve } from "node:path";
import { type Enqueued, type InvokeOptions, type Outcome, serveInvoke } from "./lambda-invoke-api.ts";
import type { Answer, Invocation } from "./lambda-runtime-api.ts";
import { type Sandbox, type SandboxSettings, startSandbox } from "./lambda-sandbox.ts";

const ACCOUNT = "123456789012";

/** How the function is configured, as the template would. */
export interface LambdaOptions {
  /** Path of a CommonJS file; its folder becomes LAMBDA_TASK_ROOT. */
  readonly bundle: string;
  /** Default: the export `handler` of the bundle. */
  readonly handler?: string;
  /** Everything the process sees besides what Lambda sets; AWS_REGION and the like may be set anew. */
  readonly env: Readonly<Record<string, string>>;
  /** Default 30 s. */
  readonly timeoutMs?: number;
  /** Default 512. Bounds the heap. */
  readonly memoryMb?: number;
  /** The Node that runs the function; default: the one that runs the test. 22.15 or newer. */
  readonly nodePath?: string;
  /** Default `hellojohn-migration-hook`. The Invoke API knows no other function. */
  readonly functionName?: string;
  /** What its processes are; default: AWS's own runtime client. */
  readonly start?: (settings: SandboxSettings) => Promise<Sandbox>;
}

/** `payload` is parsed; `logs` is the whole log of this invocation, with Lambda's START, END and REPORT lines. */
export interface InvokeResult {
  readonly payload: unknown;
  /** `Unhandled` when the handler threw, timed out or exited; the payload then says why. */
  readonly functionError: string | null;
  readonly logs: string;
}

/** A function that can be invoked. `endpointUrl` is what `--endpoint-url` takes. */
export interface Lambda {
  readonly endpointUrl: string;
  readonly functionName: string;
  invoke(event: unknown, options?: InvokeOptions): Promise<InvokeResult>;
  /** Kills the process, also in the middle of an invocation, which then fails with Runtime.ExitError. */
  stop(): Promise<void>;
}

/**
 * Opens the Invoke API. The process starts with the first invocation, and anew after a time-out or an exit.
 *
 * Unlike AWS, further invocations wait for their turn instead of getting a process of their own, asynchronous ones are
 * not tried again, and the process is not frozen in between.
 */
export async function startLambda(options: LambdaOptions): Promise<Lambda> {
  const bundle = resolve(options.bundle);
  const settings: SandboxSettings = {
    functionName: options.functionName ?? "hellojohn-migration-hook",
    region: options.env["AWS_REGION"] ?? "eu-west-1",
    taskRoot: dirname(bundle),
    handler: options.handler ?? `${parse(bundle).name}.handler`,
    memoryMb: options.memoryMb ?? 512,
    nodePath: options.nodePath ?? process.execPath,
    env: options.env,
  };
  const functionArn = `arn:aws:lambda:${settings.region}:${ACCOUNT}:function:${settings.functionName}`;
  let newest: Promise<Sandbox> | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let isStopped = false;

  async function usableSandbox(): Promise<Sandbox> {
    const present = await newest?.catch(() => null);
    if (isStopped) throw new Error(`invoking ${settings.functionName}: it has been stopped`);
    if (present?.isUsable) return present;
    newest = (options.start ?? startSandbox)(settings);
    return await newest;
  }

  async function run(invocation: Invocation, timeoutMs: number): Promise<Outcome> {
    const sandbox = await usableSandbox();
    const startedAt = performance.now();
    const answer = await sandbox.run(invocation, timeoutMs);
    const durationMs = performance.now() - startedAt;
    const output = sandbox.takeOutput();
    return { answer, logs: renderLogs({ invocation, answer, output, durationMs, memoryMb: settings.memoryMb }) };
  }

  function enqueue(event: string, { timeoutMs, qualifier }: InvokeOptions): Enqueued {
    const arn = qualifier === undefined ? functionArn : `${functionArn}:${qualifier}`;
    const invocation = { requestId: randomUUID(), functionArn: arn, event };
    const outcome = last.then(() => run(invocation, timeoutMs ?? options.timeoutMs ?? 30_000));
    last = outcome.catch(() => undefined);
    return { requestId: invocation.requestId, outcome };
  }

  const server = createServer(async (request, response) => {
    await serveInvoke(request, response, { functionArn, functionName: settings.functionName, enqueue });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    endpointUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    functionName: settings.functionName,
    async invoke(event, invokeOptions = {}) {
      const { answer, logs } = await enqueue(JSON.stringify(event) ?? "{}", invokeOptions).outcome;
      return { payload: JSON.parse(answer.body), functionError: answer.isError ? "Unhandled" : null, logs };
    },
    async stop() {
      isStopped = true;
      await newest?.then((sandbox) => sandbox.stop()).catch(() => undefined);
      await last;
      server.close();
      server.closeAllConnections();
    },
  };
}

interface LogParts {
  readonly invocation: Invocation;
  readonly answer: Answer;
  readonly output: string;
  readonly durationMs: number;
  readonly memoryMb: number;
}

function renderLogs({ invocation, answer, output, durationMs, memoryMb }: LogParts): string {
  const id = `RequestId: ${invocation.requestId}`;
  const sizes = `Billed Duration: ${Math.ceil(durationMs)} ms\tMemory Size: ${memoryMb} MB`;
  const printed = output === "" || output.endsWith("\n") ? output : `${output}\n`;
  const failure = answer.isError ? `\tStatus: error\tError Type: ${JSON.parse(answer.body).errorType}` : "";
  const status = failure.endsWith("Sandbox.Timedout") ? "\tStatus: timeout" : failure;
  return [
    `START ${id} Version: $LATEST\n`,
    printed,
    `END ${id}\n`,
    `REPORT ${id}\tDuration: ${durationMs.toFixed(2)} ms\t${sizes}${status}\n`,
  ].join("");
}

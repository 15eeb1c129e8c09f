// One execution environment of a Lambda function: a Node process that runs AWS's runtime client, its output and its
// end. Knows nothing of queues, qualifiers or the Invoke API.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as delay } from "node:timers/promises";
import { type Answer, type Deliver, type Invocation, openRuntimeApi } from "./lambda-runtime-api.ts";
import { installRuntimeClient } from "./lambda-runtime-client.ts";

/** AWS's limit for loading the function's module. */
const INIT_TIMEOUT_MS = 10_000;
/** The byte that rapid-client-preload.cjs prints to both streams before it asks for an event. */
const END_OF_TURN = 0xff;

/** What all processes of one function have in common. `env` wins over what Lambda would set. */
export interface SandboxSettings {
  readonly functionName: string;
  readonly region: string;
  readonly taskRoot: string;
  readonly handler: string;
  readonly memoryMb: number;
  readonly nodePath: string;
  readonly env: Readonly<Record<string, string>>;
}

/** One process. It is no longer usable after a time-out or an exit; the next invocation needs another one. */
export interface Sandbox {
  readonly isUsable: boolean;
  /** One at a time. Does not reject when the process ends or is too slow: that is an answer in Lambda's shape. */
  run(invocation: Invocation, timeoutMs: number): Promise<Answer>;
  /** What the process has printed since the last call; after `run`, everything up to its answer. */
  takeOutput(): string;
  stop(): Promise<void>;
}

/** Starts a process whose home and temporary folder are its own, empty, and gone when it has ended. */
export async function startSandbox(settings: SandboxSettings): Promise<Sandbox> {
  const client = await installRuntimeClient();
  const scratch = await mkdtemp(join(tmpdir(), "lambda-sandbox-"));
  const turn = createTurn();
  const api = await openRuntimeApi(turn.onNext);
  const heapMb = Math.floor(settings.memoryMb * 0.9); // A tenth for everything but the heap.
  const child = spawn(
    settings.nodePath,
    [`--max-old-space-size=${heapMb}`, "--require", client.preload, client.entry],
    {
      cwd: settings.taskRoot,
      env: { ...lambdaEnvironment(settings, scratch), ...settings.env, AWS_LAMBDA_RUNTIME_API: api.address },
      // The last is the lifeline: it closes when this process ends, in whatever way, and the sandbox ends with it.
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    readTurns(stream, { onText: (part) => (output += part), onEndOfTurn: turn.onOutputRead });
  }
  let isUsable = true;
  const ended = untilEnd(child).then(async (reason) => {
    isUsable = false;
    await api.close();
    await rm(scratch, { recursive: true, force: true });
    return reason;
  });

  async function run(invocation: Invocation, timeoutMs: number): Promise<Answer> {
    const ready = await within(INIT_TIMEOUT_MS, turn.done(), ended);
    if (typeof ready !== "function") return await failed(invocation, ready, INIT_TIMEOUT_MS);
    turn.begin();
    ready(invocation, Date.now() + timeoutMs);
    const next = await within(timeoutMs, turn.done(), ended);
    if (typeof next !== "function") return await failed(invocation, next, timeoutMs);
    return api.takeAnswer() ?? exitError(invocation, "without an answer");
  }

  /** An answer that was posted before the end stands. */
  async function failed(invocation: Invocation, end: string | undefined, limitMs: number): Promise<Answer> {
    if (end !== undefined) return api.takeAnswer() ?? exitError(invocation, end);
    await stop();
    return api.takeAnswer() ?? timeoutError(invocation, limitMs);
  }

  async function stop(): Promise<void> {
    isUsable = false;
    child.kill("SIGKILL");
    await ended;
  }

  return {
    get isUsable() {
      return isUsable;
    },
    run,
    takeOutput() {
      const taken = output;
      output = "";
      return taken;
    },
    stop,
  };
}

/** A turn is done when the process has asked for the next event and all it printed before, to both streams, was read. */
function createTurn() {
  let outstanding = 3;
  let deliver: Deliver;
  let done = Promise.withResolvers<Deliver>();
  const arrive = () => {
    outstanding -= 1;
    if (outstanding === 0) done.resolve(deliver);
  };
  return {
    begin(): void {
      outstanding = 3;
      done = Promise.withResolvers();
    },
    done: () => done.promise,
    onNext(next: Deliver): void {
      deliver = next;
      arrive();
    },
    onOutputRead: arrive,
  };
}

function lambdaEnvironment(settings: SandboxSettings, scratch: string): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
    AWS_DEFAULT_REGION: settings.region,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(settings.memoryMb),
    AWS_LAMBDA_FUNCTION_NAME: settings.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${settings.functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: "2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef",
    AWS_REGION: settings.region,
    AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    AWS_SESSION_TOKEN: "session-token",
    HOME: scratch,
    LAMBDA_RUNTIME_DIR: "/var/runtime",
    LAMBDA_TASK_ROOT: settings.taskRoot,
    LANG: "en_US.UTF-8",
    PATH: `${dirname(settings.nodePath)}:/usr/local/bin:/usr/bin:/bin`,
    TMPDIR: scratch,
    TZ: ":UTC",
    _HANDLER: settings.handler,
  };
}

function readTurns(stream: Readable | null, on: { onText(part: string): void; onEndOfTurn(): void }): void {
  const decoder = new StringDecoder("utf8");
  stream?.on("data", (chunk: Buffer) => {
    let start = 0;
    for (let end = chunk.indexOf(END_OF_TURN); end !== -1; end = chunk.indexOf(END_OF_TURN, start)) {
      on.onText(decoder.write(chunk.subarray(start, end)));
      on.onEndOfTurn();
      start = end + 1;
    }
    on.onText(decoder.write(chunk.subarray(start)));
  });
}

/** Resolves when the process is gone and its output is read, with the second half of AWS's sentence about it. */
async function untilEnd(child: ChildProcess): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  child.on("error", (error) => resolve(`with error: ${error.message}`));
  child.on("close", (status, signal) => {
    if (signal !== null) resolve(`with error: signal: ${signal}`);
    else resolve(status === 0 ? "without providing a reason" : `with error: exit status ${status}`);
  });
  return await promise;
}

/** The first of both; undefined when neither has settled in time. */
async function within<A, B>(limitMs: number, first: Promise<A>, second: Promise<B>): Promise<A | B | undefined> {
  const timer = new AbortController();
  const late = delay(limitMs, undefined, { signal: timer.signal }).catch(() => undefined);
  try {
    return await Promise.race([first, second, late]);
  } finally {
    timer.abort();
  }
}

function exitError(invocation: Invocation, end: string): Answer {
  return failure("Runtime.ExitError", `RequestId: ${invocation.requestId} Error: Runtime exited ${end}`);
}

function timeoutError(invocation: Invocation, limitMs: number): Answer {
  const seconds = (limitMs / 1000).toFixed(2);
  return failure(
    "Sandbox.Timedout",
    `RequestId: ${invocation.requestId} Error: Task timed out after ${seconds} seconds`,
  );
}

function failure(errorType: string, errorMessage: string): Answer {
  return { isError: true, body: JSON.stringify({ errorType, errorMessage }) };
}

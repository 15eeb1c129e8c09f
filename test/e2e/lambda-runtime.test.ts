// The harness that runs the built function as Lambda would, tried on a handler of a few lines instead of the product.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type LambdaOptions, startLambda } from "../support/lambda-runtime.ts";
import { installRuntimeClient } from "../support/lambda-runtime-client.ts";

const HARNESS = join(import.meta.dirname, "../support/lambda-runtime.ts");
const HANDLER = `
  const net = require("node:net");
  let invocations = 0;
  const actions = {
    describe: (event, context) => ({
      event,
      pid: process.pid,
      invocations,
      requestId: context.awsRequestId,
      remainingMs: context.getRemainingTimeInMillis(),
      arn: context.invokedFunctionArn,
    }),
    environment: () => process.env,
    exit: ({ status }) => process.exit(status),
    hang: () => new Promise((resolve) => setTimeout(resolve, 60_000)),
    large: ({ bytes }) => "x".repeat(bytes),
    print: ({ lines }) => {
      for (let line = 1; line <= lines; line += 1) console.log("line " + line + " é");
      process.stderr.write("to stderr");
    },
    spin: () => { for (;;); },
    stayConnected: async ({ port, next }) => {
      await new Promise((resolve) => net.connect(port, "127.0.0.1", resolve));
      return actions[next]();
    },
    throw: () => { throw new RangeError("no such version"); },
  };
  exports.handler = async (event, context) => {
    invocations += 1;
    return actions[event.action](event, context);
  };
`;

let folder: string;

beforeAll(async () => {
  await installRuntimeClient();
  folder = await mkdtemp(join(tmpdir(), "lambda-runtime-test-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A function of its own for one test, with `source` as its bundle. */
async function setup({ source = HANDLER, ...options }: { source?: string } & Partial<LambdaOptions> = {}) {
  const taskRoot = await mkdtemp(join(folder, "task-"));
  const bundle = join(taskRoot, "index.cjs");
  await writeFile(bundle, source);
  const lambda = await startLambda({ bundle, env: {}, ...options });
  onTestFinished(() => lambda.stop());
  return { bundle, lambda };
}

describe("an invocation", () => {
  test("gives the handler the event, and a context with request id, ARN and remaining time", async () => {
    const { lambda } = await setup();
    const { payload, functionError } = await lambda.invoke(
      { action: "describe", text: "grüße" },
      { timeoutMs: 20_000, qualifier: "live" },
    );
    expect(functionError).toBeNull();
    expect(payload).toMatchObject({
      event: { action: "describe", text: "grüße" },
      requestId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f-]{27}$/),
      arn: "arn:aws:lambda:eu-west-1:123456789012:function:hellojohn-migration-hook:live",
    });
    const { remainingMs } = payload as { remainingMs: number };
    expect(remainingMs).toBeGreaterThan(0);
    expect(remainingMs).toBeLessThanOrEqual(20_000);
  });

  test("finds the process warm the second time", async () => {
    const { lambda } = await setup();
    const first = await lambda.invoke({ action: "describe" });
    const second = await lambda.invoke({ action: "describe" });
    const { pid } = first.payload as { pid: number };
    expect(first.payload).toMatchObject({ invocations: 1 });
    expect(second.payload).toMatchObject({ invocations: 2, pid });
  });

  test("waits until the one before it has ended", async () => {
    const { lambda } = await setup();
    const results = await Promise.all([1, 2, 3].map(() => lambda.invoke({ action: "describe" })));
    expect(results.map(({ payload }) => (payload as { invocations: number }).invocations)).toEqual([1, 2, 3]);
  });

  test("has in its logs all that it printed and nothing that another one did", async () => {
    const { lambda } = await setup();
    const { logs } = await lambda.invoke({ action: "print", lines: 2_000 });
    expect(logs.match(/\tline \d+ é$/gm)).toHaveLength(2_000);
    expect(logs).toContain("to stderr");
    expect(logs).toMatch(/^START RequestId: \S+ Version: \$LATEST\n/);
    expect(logs).toMatch(/\nEND RequestId: \S+\nREPORT RequestId: .*\n$/);
    expect((await lambda.invoke({ action: "describe" })).logs).not.toContain("line");
  });

  test("sees only what Lambda sets and what it was given", async () => {
    process.env["HELLOJOHN_LEAK"] = "from the test";
    onTestFinished(() => {
      delete process.env["HELLOJOHN_LEAK"];
    });
    const { lambda } = await setup({ env: { AWS_REGION: "eu-north-1", HELLOJOHN_GIVEN: "yes" }, memoryMb: 256 });
    const environment = (await lambda.invoke({ action: "environment" })).payload as Record<string, string>;
    expect(environment).toMatchObject({
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "256",
      AWS_REGION: "eu-north-1",
      HELLOJOHN_GIVEN: "yes",
      TZ: ":UTC",
    });
    const foreign = Object.keys(environment).filter((name) => !/^(_|AWS_|LAMBDA_)/.test(name));
    expect(foreign.sort()).toEqual(["HELLOJOHN_GIVEN", "HOME", "LANG", "PATH", "TMPDIR", "TZ"]);
    expect(environment["HOME"]).not.toBe(process.env["HOME"]);
  });
});

describe("a function error", () => {
  test("tells type and message of what the handler threw, and leaves the process warm", async () => {
    const { lambda } = await setup();
    const { payload, functionError, logs } = await lambda.invoke({ action: "throw" });
    expect(functionError).toBe("Unhandled");
    expect(payload).toMatchObject({ errorType: "RangeError", errorMessage: "no such version" });
    expect(logs).toContain("Invoke Error");
    expect((await lambda.invoke({ action: "describe" })).payload).toMatchObject({ invocations: 2 });
  });

  test.each(["hang", "spin"])("says that the task timed out, and the next process is new: %s", async (action) => {
    const { lambda } = await setup();
    await lambda.invoke({ action: "describe" });
    const { payload, functionError, logs } = await lambda.invoke({ action }, { timeoutMs: 250 });
    expect(functionError).toBe("Unhandled");
    expect(payload).toEqual({
      errorType: "Sandbox.Timedout",
      errorMessage: expect.stringMatching(/^RequestId: \S+ Error: Task timed out after 0\.25 seconds$/),
    });
    expect(logs).toContain("Status: timeout");
    expect((await lambda.invoke({ action: "describe" })).payload).toMatchObject({ invocations: 1 });
  });

  test.each([
    [3, "Runtime exited with error: exit status 3"],
    [0, "Runtime exited without providing a reason"],
  ])("says that the process exited with %i, and the next process is new", async (status, reason) => {
    const { lambda } = await setup();
    const { payload, functionError } = await lambda.invoke({ action: "exit", status });
    expect(functionError).toBe("Unhandled");
    expect(payload).toEqual({ errorType: "Runtime.ExitError", errorMessage: expect.stringContaining(reason) });
    expect((await lambda.invoke({ action: "describe" })).payload).toMatchObject({ invocations: 1 });
  });

  test("tells why the bundle could not be loaded", async () => {
    const { lambda } = await setup({ source: `throw new TypeError("bad manifest");` });
    const { payload, functionError } = await lambda.invoke({});
    expect(functionError).toBe("Unhandled");
    expect(payload).toMatchObject({ errorType: "TypeError", errorMessage: "bad manifest" });
  });

  test("refuses an answer beyond AWS's limit", async () => {
    const { lambda } = await setup();
    const { payload } = await lambda.invoke({ action: "large", bytes: 6 * 1024 * 1024 + 100 });
    expect(payload).toMatchObject({ errorType: "Function.ResponseSizeTooLarge" });
  });
});

describe("the Invoke API", () => {
  const invoke = async (endpoint: string, body: string, headers: Record<string, string> = {}, name?: string) =>
    await fetch(`${endpoint}/2015-03-31/functions/${name ?? "hellojohn-migration-hook"}/invocations`, {
      method: "POST",
      body,
      headers,
    });

  test("answers with the payload and the log's tail", async () => {
    const { lambda } = await setup();
    const response = await invoke(lambda.endpointUrl, `{"action":"print","lines":500}`, { "X-Amz-Log-Type": "Tail" });
    const tail = Buffer.from(response.headers.get("X-Amz-Log-Result") ?? "", "base64");
    expect(response.status).toBe(200);
    expect(response.headers.get("X-Amz-Executed-Version")).toBe("$LATEST");
    expect(response.headers.has("X-Amz-Function-Error")).toBe(false);
    expect(await response.json()).toBeNull();
    expect(tail).toHaveLength(4096);
    expect(tail.toString()).toContain(`REPORT RequestId: ${response.headers.get("x-amzn-RequestId")}`);
  });

  test("names a function error in a header, with status 200", async () => {
    const { lambda } = await setup();
    const response = await invoke(lambda.endpointUrl, `{"action":"throw"}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("X-Amz-Function-Error")).toBe("Unhandled");
    expect(await response.json()).toMatchObject({ errorType: "RangeError" });
  });

  test("accepts an asynchronous invocation before it has run", async () => {
    const { lambda } = await setup();
    const response = await invoke(lambda.endpointUrl, `{"action":"describe"}`, { "X-Amz-Invocation-Type": "Event" });
    expect(response.status).toBe(202);
    expect(await response.text()).toBe("");
    expect((await lambda.invoke({ action: "describe" })).payload).toMatchObject({ invocations: 2 });
  });

  test.each([
    "hellojohn-migration-hook:live",
    "arn:aws:lambda:eu-west-1:123456789012:function:hellojohn-migration-hook",
    "arn:aws:lambda:eu-west-1:123456789012:function:hellojohn-migration-hook:live",
  ])("knows the function as %s", async (name) => {
    const { lambda } = await setup();
    const response = await invoke(lambda.endpointUrl, `{"action":"describe"}`, {}, encodeURIComponent(name));
    const { arn } = (await response.json()) as { arn: string };
    expect(arn.endsWith(":live")).toBe(name.endsWith(":live"));
  });

  test("refuses an unknown function and an event that is not JSON", async () => {
    const { lambda } = await setup();
    const unknown = await invoke(lambda.endpointUrl, "{}", {}, "another");
    const malformed = await invoke(lambda.endpointUrl, "{");
    expect([unknown.status, unknown.headers.get("x-amzn-ErrorType")]).toEqual([404, "ResourceNotFoundException"]);
    expect([malformed.status, malformed.headers.get("x-amzn-ErrorType")]).toEqual([
      400,
      "InvalidRequestContentException",
    ]);
  });
});

describe("the process", () => {
  /** A port to which the handler connects, so that its start and its end can be awaited. */
  async function listen() {
    const server = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const connected = once(server, "connection") as Promise<[Socket]>;
    return { port: (server.address() as AddressInfo).port, connected };
  }

  async function closed(connection: Socket) {
    if (!connection.resume().closed) await once(connection, "close");
  }

  test("ends when the function is stopped in the middle of an invocation", async () => {
    const { lambda } = await setup();
    const { port, connected } = await listen();
    const running = lambda.invoke({ action: "stayConnected", port, next: "hang" });
    const queued = expect(lambda.invoke({ action: "describe" })).rejects.toThrow("has been stopped");
    const [connection] = await connected;
    await lambda.stop();
    expect((await running).payload).toMatchObject({ errorType: "Runtime.ExitError" });
    await queued;
    await closed(connection);
  });

  test("ends when the test process is killed in the middle of an invocation", async () => {
    const { bundle } = await setup();
    const { port, connected } = await listen();
    const script = join(folder, "doomed.ts");
    await writeFile(
      script,
      `import { startLambda } from ${JSON.stringify(HARNESS)};
       const lambda = await startLambda({ bundle: ${JSON.stringify(bundle)}, env: {} });
       await lambda.invoke({ action: "stayConnected", port: ${port}, next: "hang" });`,
    );
    // Killed, it leaves its sandbox's folder behind: in a place that goes with this test.
    const env = { ...process.env, TMPDIR: folder };
    const doomed = spawn(process.execPath, [script], { env, stdio: ["ignore", "ignore", "inherit"] });
    const [connection] = await connected;
    doomed.kill("SIGKILL");
    await closed(connection);
  });
});

// hj --function against an AWS that misbehaves: how often it invokes, what it says, how it exits.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { finished, hj, startHj } from "../support/command-line.ts";
import { type Behaviour, type Fate, startFaultyInvokeApi } from "../support/faulty-invoke-api.ts";
import { baseOf, migrationReport } from "../support/report.ts";

const CREDENTIALS = { AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY: "example" };
// An empty home, no metadata service: nothing of the machine answers for the credentials that a test leaves out.
const MACHINE = { HOME: "/nonexistent", AWS_EC2_METADATA_DISABLED: "true" };
const ENV = { ...MACHINE, ...CREDENTIALS, AWS_REGION: "eu-west-1" };
const UP_TO_DATE = { ...baseOf(), ok: true, outcome: "up_to_date" } as const;
const TEXT = "✅ Database schema is up to date (version: 20240601_002)\n";

function fine(afterMs = 0): Fate {
  return { kind: "answer", body: JSON.stringify(UP_TO_DATE), afterMs };
}

function answer(body: unknown, functionError?: string): Fate {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { kind: "answer", body: text, ...(functionError !== undefined && { functionError }) };
}

function refusal(status: number, type: string, body: object = {}): Fate {
  return { kind: "error", status, type, body };
}

/** `hj migrations run` against an API that behaves so. */
async function run(behaviour: Behaviour, args: readonly string[] = [], env: Readonly<Record<string, string>> = ENV) {
  const api = await startFaultyInvokeApi(behaviour);
  const finish = await hj(["migrations", "run", "--function", "hook", "--endpoint-url", api.endpointUrl, ...args], {
    env,
  });
  return { ...finish, api };
}

describe("one request is one invocation", () => {
  test("and asks for an answer", async () => {
    const { api, ...finish } = await run({ fates: [fine()] });
    expect(finish).toEqual({ exitCode: 0, stdout: TEXT, stderr: "Waiting for hook in eu-west-1 ...\n" });
    expect(api.invocations).toEqual([
      { path: "/2015-03-31/functions/hook/invocations", event: { command: "run" }, invocationType: "RequestResponse" },
    ]);
  });

  test("however slow the answer is: no time-out of the client ends the waiting", async () => {
    const folder = await mkdtemp(join(tmpdir(), "hj-hurried-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const hurry = join(folder, "hurry.mjs");
    // A time-out of half a minute or more passes 400 times as fast. The SDK starts its own after 3 s, so the answer after 6 s comes when one of 20 minutes is over.
    await writeFile(
      hurry,
      `import { Socket } from "node:net";
       const hurried = (ms) => (ms >= 30_000 ? ms / 400 : ms);
       const { setTimeout: timer } = globalThis;
       globalThis.setTimeout = (work, ms, ...rest) => timer(work, hurried(ms), ...rest);
       const { setTimeout: idle } = Socket.prototype;
       Socket.prototype.setTimeout = function (ms, work) { return idle.call(this, hurried(ms), work); };`,
    );
    const env = { ...ENV, NODE_OPTIONS: `--import ${hurry}`, AWS_MAX_ATTEMPTS: "5" };
    const { api, ...finish } = await run({ fates: [fine(6_000)] }, [], env);
    expect(finish).toMatchObject({ exitCode: 0, stdout: TEXT });
    expect(api.invocations).toHaveLength(1);
  });

  test("when the connection is reset after the request, whatever the environment says of retries", async () => {
    const env = { ...ENV, AWS_MAX_ATTEMPTS: "5", AWS_RETRY_MODE: "adaptive" };
    const { api, stdout, stderr, exitCode } = await run({ fates: [{ kind: "reset" }, fine()] }, [], env);
    expect(api.invocations).toHaveLength(1);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    expect(stderr).toContain("the connection to AWS was lost after the request went out");
    expect(stderr).toContain(`hj migrations status --function hook --endpoint-url ${api.endpointUrl}`);
  });

  test.each<{ fate: Fate; says: string; exitCode: number }>([
    {
      fate: refusal(429, "TooManyRequestsException", { Reason: "ConcurrentInvocationLimitExceeded" }),
      says: "ConcurrentInvocationLimitExceeded",
      exitCode: 1,
    },
    { fate: refusal(404, "ResourceNotFoundException"), says: "there is no function hook in eu-west-1", exitCode: 2 },
    { fate: refusal(403, "AccessDeniedException"), says: "may not call lambda:InvokeFunction on hook", exitCode: 1 },
    { fate: refusal(403, "ExpiredTokenException"), says: "does not accept the credentials", exitCode: 2 },
    { fate: refusal(413, "RequestTooLargeException"), says: "larger than Lambda takes", exitCode: 2 },
    { fate: refusal(500, "ServiceException"), says: "ServiceException", exitCode: 1 },
    { fate: refusal(502, "ENILimitReachedException"), says: "cannot start hook", exitCode: 1 },
    {
      fate: answer({ errorType: "Runtime.ExitError", errorMessage: "exited" }, "Unhandled"),
      says: "hook crashed",
      exitCode: 1,
    },
    {
      fate: answer({ errorType: "Sandbox.Timedout", errorMessage: "Task timed out after 3.00 seconds" }, "Unhandled"),
      says: "at its time-out",
      exitCode: 1,
    },
    {
      fate: answer({ errorType: "RunNotOk", errorMessage: "refused: no" }, "Unhandled"),
      says: "refused: no",
      exitCode: 1,
    },
    { fate: answer("<html>"), says: "is not JSON", exitCode: 1 },
    { fate: answer(null), says: "something that is no report", exitCode: 1 },
  ])("also when it ends with: $says", async ({ fate, says, exitCode }) => {
    const { api, ...finish } = await run({ fates: [fate, fine()] }, ["--json"]);
    expect(finish.stderr).toContain(says);
    expect(finish.stderr).toMatch(/Error: .+\n {2}\S.+\n$/);
    expect(finish).toMatchObject({ exitCode, stdout: "" });
    expect(api.invocations).toHaveLength(1);
  });
});

describe("a function that is not active", () => {
  const asleep = refusal(502, "ResourceNotReadyException");
  const pending = refusal(409, "ResourceConflictException");

  test("is waited for while it is prepared, and then invoked once", async () => {
    const states = [{ State: "Pending" }, { State: "Pending" }, { State: "Active" }];
    const { api, ...finish } = await run({ fates: [pending, fine()], states });
    expect(finish).toMatchObject({ exitCode: 0, stdout: TEXT });
    expect(finish.stderr).toBe("Waiting for hook in eu-west-1 ...\nhook is not active; waiting until it is ...\n");
    expect(api.invocations).toHaveLength(2);
    expect(api.questions()).toBe(3);
  });

  test("is waited for while it comes back from being put away", async () => {
    const states = [{ State: "Inactive" }, { State: "Inactive" }, { State: "Pending" }, { State: "Active" }];
    const { api, ...finish } = await run({ fates: [asleep, fine()], states });
    expect(finish).toMatchObject({ exitCode: 0, stdout: TEXT });
    expect(api.invocations).toHaveLength(2);
  });

  test("and cannot become active is told with Lambda's reason", async () => {
    const states = [{ State: "Failed", StateReason: "The subnet is gone" }];
    const { api, ...finish } = await run({ fates: [pending, fine()], states });
    expect(finish.exitCode).toBe(1);
    expect(finish.stderr).toContain("Error: hook cannot be invoked, its state is Failed: The subnet is gone\n");
    expect(api.invocations).toHaveLength(1);
  });

  test("and is refused once more is not invoked a third time", async () => {
    const { api, ...finish } = await run({ fates: [asleep], states: [{ State: "Active" }] });
    expect(finish.exitCode).toBe(1);
    expect(finish.stderr).toContain("hook cannot be invoked");
    expect(api.invocations).toHaveLength(2);
  });

  test("and may not be looked at names the permission for that, at once", async () => {
    const stateError = { status: 403, type: "AccessDeniedException" };
    const { api, ...finish } = await run({ fates: [asleep, fine()], stateError });
    expect(finish.stderr).toContain("Allow lambda:GetFunctionConfiguration on that function");
    expect(finish.exitCode).toBe(1);
    expect(api.invocations).toHaveLength(1);
    expect(api.questions()).toBe(1);
  });
});

describe("without what AWS needs", () => {
  const closed = ["--endpoint-url", "http://127.0.0.1:9"];
  test.each([
    {
      name: "a region",
      env: { ...MACHINE, ...CREDENTIALS },
      args: [],
      says: "no AWS region is known for hook",
      exitCode: 2,
    },
    {
      name: "credentials",
      env: { ...MACHINE, AWS_REGION: "eu-west-1" },
      args: [],
      says: "no AWS credentials were found",
      exitCode: 2,
    },
    {
      name: "such a profile",
      env: { ...MACHINE, AWS_REGION: "eu-west-1" },
      args: ["--profile", "nobody"],
      says: "by the profile nobody",
      exitCode: 2,
    },
    { name: "anybody who listens", env: ENV, args: closed, says: "http://127.0.0.1:9 cannot be reached", exitCode: 1 },
  ])("$name it is one sentence and a way out, and nothing was run", async ({ env, args, says, exitCode }) => {
    const finish = await hj(["migrations", "status", "--function", "hook", ...args], { env });
    expect(finish).toMatchObject({ stdout: "", exitCode });
    expect(finish.stderr).toContain(says);
    expect(finish.stderr).toContain("Nothing was run.");
    expect(finish.stderr).not.toContain("    at ");
  });

  test("a profile's region and credentials are found", async () => {
    const folder = await mkdtemp(join(tmpdir(), "hj-profile-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, "config"), "[profile ops]\nregion = eu-north-1\n");
    await writeFile(join(folder, "credentials"), "[ops]\naws_access_key_id = a\naws_secret_access_key = b\n");
    const files = { AWS_CONFIG_FILE: join(folder, "config"), AWS_SHARED_CREDENTIALS_FILE: join(folder, "credentials") };
    const finish = await run({ fates: [fine()] }, ["--profile", "ops"], { ...MACHINE, ...files });
    expect(finish).toMatchObject({ exitCode: 0, stderr: "Waiting for hook in eu-north-1 ...\n" });
  });
});

test("a qualifier goes where Lambda expects it, in a name and in an ARN", async () => {
  const api = await startFaultyInvokeApi({ fates: [fine()] });
  const arn = "arn:aws:lambda:us-east-1:123456789012:function:hook";
  for (const name of ["hook:live", `${arn}:7`])
    await hj(["migrations", "status", "--function", name, "--endpoint-url", api.endpointUrl], { env: ENV });
  expect(api.invocations.map(({ path }) => path)).toEqual([
    "/2015-03-31/functions/hook/invocations?Qualifier=live",
    `/2015-03-31/functions/${arn}/invocations?Qualifier=7`,
  ]);
});

test("an answer that is lost after an incomplete one leaves what was done on the screen", async () => {
  const migrations = [migrationReport("20240601_001_a", "applied"), migrationReport("20240601_002_b", "not_reached")];
  const incomplete = { ...baseOf({ migrations }), ok: false, outcome: "incomplete", continuation: "e30=" };
  const { api, stdout, stderr, exitCode } = await run({ fates: [answer(incomplete), { kind: "reset" }] });
  expect(api.invocations.map(({ event }) => event)).toEqual([
    { command: "run" },
    { command: "run", continuation: "e30=" },
  ]);
  expect(stdout).toContain("  ✅  20240601_001_a (0ms)\n  ·   20240601_002_b (not reached)\n");
  expect(stderr).toContain("the connection to AWS was lost after the request went out");
  expect(exitCode).toBe(1);
});

test("hj invoke prints whatever came back, and exits by it", async () => {
  const invoke = async (fate: Fate) => {
    const { endpointUrl } = await startFaultyInvokeApi({ fates: [fate] });
    const args = ["invoke", "--event", "-", "--function", "hook", "--endpoint-url", endpointUrl];
    return hj(args, { env: ENV, stdin: '{"command":"status"}' });
  };
  expect(await invoke(fine())).toMatchObject({ exitCode: 0, stdout: `${JSON.stringify(UP_TO_DATE, null, 2)}\n` });
  expect(await invoke(answer({ hookStatus: "SUCCEEDED" }))).toMatchObject({
    exitCode: 0,
    stdout: '{\n  "hookStatus": "SUCCEEDED"\n}\n',
  });
  expect(await invoke(answer({ ok: false }))).toMatchObject({ exitCode: 1 });
  const thrown = await invoke(answer({ errorType: "TypeError", errorMessage: "no" }, "Unhandled"));
  expect(thrown).toMatchObject({ exitCode: 1, stdout: '{\n  "errorType": "TypeError",\n  "errorMessage": "no"\n}\n' });
  expect(thrown.stderr).toContain("hook crashed: TypeError: no");
  expect(await invoke(answer("<html>"))).toMatchObject({ exitCode: 1, stdout: "<html>\n" });
});

test("Ctrl-C leaves the run to AWS, says how to look at it, and exits at once", async () => {
  const api = await startFaultyInvokeApi({ fates: [{ kind: "silence" }] });
  const child = startHj(["migrations", "run", "--function", "hook", "--endpoint-url", api.endpointUrl], { env: ENV });
  await expect.poll(() => api.invocations, { timeout: 20_000 }).toHaveLength(1);
  child.kill("SIGINT");
  const { stdout, stderr, exitCode } = await finished(child);
  expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 130 });
  expect(stderr).toContain("The run goes on in AWS");
  expect(stderr).toContain(`  hj migrations status --function hook --endpoint-url ${api.endpointUrl}\n`);
});

test.each([
  ["while the function wakes up says that nothing was run", "Nothing was run.", [{ State: "Pending" }]],
  ["once it is awake leaves the run to AWS", "The run goes on in AWS", [{ State: "Active" }]],
])("Ctrl-C %s", async (_what, says, states) => {
  const asleep = refusal(502, "ResourceNotReadyException");
  const api = await startFaultyInvokeApi({ fates: [asleep, { kind: "silence" }], states });
  const child = startHj(["migrations", "run", "--function", "hook", "--endpoint-url", api.endpointUrl], { env: ENV });
  const isThere = () => (says === "Nothing was run." ? api.questions() > 1 : api.invocations.length > 1);
  await expect.poll(isThere, { timeout: 20_000 }).toBe(true);
  child.kill("SIGINT");
  const { stderr, exitCode } = await finished(child);
  expect(exitCode).toBe(130);
  expect(stderr).toContain(says);
});

test.runIf(process.platform === "linux")(
  "a silent connection is kept alive (told by Linux's /proc/net/tcp)",
  async () => {
    const api = await startFaultyInvokeApi({ fates: [{ kind: "silence" }] });
    const child = startHj(["migrations", "run", "--function", "hook", "--endpoint-url", api.endpointUrl], { env: ENV });
    await expect.poll(() => api.invocations, { timeout: 20_000 }).toHaveLength(1);
    const port = Number(new URL(api.endpointUrl).port).toString(16).toUpperCase().padStart(4, "0");
    // The fields: https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html; timer 2 is the keep-alive's.
    const timers = async () => {
      const lines = (await readFile("/proc/net/tcp", "utf8")).split("\n").map((line) => line.trim().split(/\s+/));
      return lines.filter((fields) => fields[2]?.endsWith(`:${port}`) && fields[3] === "01").map((fields) => fields[5]);
    };
    await expect.poll(timers).toEqual([expect.stringMatching(/^02:/)]);
    child.kill("SIGINT");
    await finished(child);
  },
);

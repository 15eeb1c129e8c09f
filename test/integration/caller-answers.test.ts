// Who is told what, and when, where several invocations, a slow database or an API that fails come together. The handler
// against a real database; the calls to AWS are recorded instead of made.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { parseSettings } from "../../src/connection/settings.ts";
import { lockKey } from "../../src/engine/lock.ts";
import { runIdFrom } from "../../src/lambda/hand-over.ts";
import { createHandler } from "../../src/lambda/handler.ts";
import type { Call } from "../../src/lambda/trigger.ts";
import type { Manifest } from "../../src/migration/manifest.ts";
import { callerEvent, changedEvent } from "../support/caller-events.ts";
import { postgresVersions, type TestDatabase } from "../support/database.ts";
import { manifestOf } from "../support/manifest.ts";
import { freshDatabase, freshRole, journalOf, openSession, tablesOf } from "../support/workplace.ts";

const { url: serverUrl } = postgresVersions.at(-1) as { url: string };
const ARN = "arn:aws:lambda:eu-west-1:123456789012:function:hook";
const ONE = manifestOf({ "0001_a.up.sql": "create table a ();", "0001_a.down.sql": "drop table a;" });
const TWO = manifestOf({
  "0001_a.up.sql": "create table a ();",
  "0001_a.down.sql": "drop table a;",
  "0002_b.up.sql": "create table b ();",
  "0002_b.down.sql": "drop table b;",
});
/** More than any of these invocations has time for, in small pieces. */
const LONG = manifestOf(
  Object.fromEntries(
    Array.from({ length: 60 }, (_, index) => [
      `${String(index + 1).padStart(4, "0")}_m.up.sql`,
      `select pg_sleep(0.2); create table t_${index} ();`,
    ]),
  ),
);

interface FunctionOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** What a call comes to; default: it arrives. */
  readonly answer?: (call: Call, signal: AbortSignal) => Promise<void>;
}

function startFunction(url: string, build: Manifest, { environment, answer }: FunctionOptions = {}) {
  const calls: Call[] = [];
  const lines: Record<string, unknown>[] = [];
  const settings = parseSettings({ HELLOJOHN_DATABASE_URL: url, ...environment });
  const make = async (call: Call, signal: AbortSignal) => {
    await answer?.(call, signal);
    calls.push(call);
  };
  // Without what is told while a run goes on.
  const log = (line: object) => "progress" in line || lines.push({ ...line });
  const handle = createHandler(settings, build, { caller: { prepare: () => {}, make }, log });
  const invoke = (event: unknown, timeoutMs = 60_000) => {
    const endsAt = performance.now() + timeoutMs;
    return handle(event, {
      invocationId: randomUUID(),
      functionArn: ARN,
      remainingMs: () => endsAt - performance.now(),
      signal: new AbortController().signal,
      onProgress: () => {},
    });
  };
  return { calls, lines, invoke };
}

function told(calls: readonly Call[]): readonly string[] {
  return calls.map((call) => (call.to === "codedeploy" ? call.input.status : call.to));
}

function codedeployRun(): string {
  const { DeploymentId, LifecycleEventHookExecutionId } = callerEvent("codedeploy");
  return runIdFrom("codedeploy", String(DeploymentId), String(LifecycleEventHookExecutionId)).slice(0, 8);
}

/** A session of that name that holds the run lock until `end()`. */
async function holdLock(database: TestDatabase, name: string) {
  const session = await openSession(database.url);
  await session.query(`set application_name = '${name}'`);
  await session.query(`select pg_advisory_lock(${lockKey("public", "hj_migration")})`);
  return session;
}

/** A way to the database on which the first who comes waits so long before a byte gets through. */
async function slowWay(url: string, delayMs: number): Promise<string> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer(async (client) => {
    const isFirst = sockets.size === 0;
    sockets.add(client.on("error", () => {}));
    if (isFirst) await sleep(delayMs);
    const upstream = connect(Number(port), hostname).on("error", () => client.destroy());
    sockets.add(upstream);
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const slow = new URL(url);
  slow.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return slow.href;
}

function clientFault(name: string): Error {
  return Object.assign(new Error(name), { name, $fault: "client" });
}

test("a rollback that is delivered twice takes back one batch, not two", async () => {
  const database = await freshDatabase(serverUrl);
  for (const build of [ONE, TWO]) await startFunction(database.url, build).invoke({ command: "run" });
  const { calls, invoke } = startFunction(database.url, TWO, { environment: { HELLOJOHN_HOOK_COMMAND: "rollback" } });
  await invoke(callerEvent("codedeploy"));
  await invoke(callerEvent("codedeploy"));
  expect(told(calls)).toEqual(["Succeeded", "Succeeded"]);
  expect(await tablesOf(database)).toEqual(["a"]);
  await invoke(changedEvent("codedeploy", { DeploymentId: "d-ANOTHER" }));
  expect(await tablesOf(database)).toEqual([]);
});

test("a run that begins late, after a wait for the database, is handed over in order and not overtaken", async () => {
  const database = await freshDatabase(serverUrl);
  const { calls, lines, invoke } = startFunction(await slowWay(database.url, 3_000), LONG);
  await invoke(callerEvent("codedeploy"), 6_000);
  expect(lines).toMatchObject([{ message: expect.stringContaining("Time ran out"), outcome: "incomplete" }]);
  expect(told(calls)).toEqual(["itself"]);
  expect((await journalOf(database)).length).toBeGreaterThan(0);
});

test("a database that was waited for nearly to the end proves nothing about a migration's time", async () => {
  const database = await freshDatabase(serverUrl);
  const slow = manifestOf({ "0001_slow.up.sql": "select pg_sleep(2)" });
  const { calls, lines, invoke } = startFunction(await slowWay(database.url, 2_600), slow);
  await invoke(callerEvent("codedeploy"), 5_000);
  expect(lines).toMatchObject([{ message: expect.stringContaining("Time ran out"), Failed: 0 }]);
  expect(told(calls)).toEqual(["itself"]);
});

test("the session that an earlier invocation left behind is waited for; one of the same invocation answers itself", async () => {
  const database = await freshDatabase(serverUrl);
  const environment = { HELLOJOHN_LOCK_WAIT: "10s" };
  const holder = await holdLock(database, `hellojohn-migrate ${codedeployRun()}/0 0001`);
  const { calls, lines, invoke } = startFunction(database.url, ONE, { environment });
  await invoke(callerEvent("codedeploy"));
  expect(calls).toEqual([]);
  expect(lines).toMatchObject([{ failure: "ALREADY_RUNNING", answer: expect.stringContaining("left"), Failed: 0 }]);
  const first = startFunction(database.url, ONE, { environment: { HELLOJOHN_LOCK_WAIT: "1ms" } });
  await first.invoke(changedEvent("codedeploy", { DeploymentId: "d-OTHER" }));
  const [{ event: resumed } = { event: null }] = first.calls.filter((call) => call.to === "itself");
  const { resume } = resumed as { resume: { continuation: string } };
  const own = JSON.parse(atob(resume.continuation));
  const continuation = btoa(JSON.stringify({ ...own, runId: ownRunId() }));
  const going = invoke(changedEvent("codedeploy", { resume: { ...resume, continuation } }));
  await sleep(500);
  expect(calls).toEqual([]);
  await holder.end();
  await going;
  expect(told(calls)).toEqual(["Succeeded"]);
});

test("who waits for its answer and goes on with a run gets one, though that run's lost session holds the lock", async () => {
  const database = await freshDatabase(serverUrl);
  const { invoke } = startFunction(database.url, ONE, { environment: { HELLOJOHN_LOCK_WAIT: "10s" } });
  const holder = await holdLock(database, "hellojohn-migrate 2b1c1d6e/0 0001");
  const runId = "2b1c1d6e-0000-4000-8000-000000000000";
  const continuation = btoa(JSON.stringify({ command: "run", runId, batches: [] }));
  const going = invoke({ command: "run", continuation });
  await sleep(500);
  await holder.end();
  expect(await going).toMatchObject({ outcome: "applied", runId });
});

function ownRunId(): string {
  const { DeploymentId, LifecycleEventHookExecutionId } = callerEvent("codedeploy");
  return runIdFrom("codedeploy", String(DeploymentId), String(LifecycleEventHookExecutionId));
}

test("waiting for another run alarms nobody, until no invocation is left that could wait", async () => {
  const database = await freshDatabase(serverUrl);
  const holder = await holdLock(database, "somebody");
  const { calls, lines, invoke } = startFunction(database.url, ONE, { environment: { HELLOJOHN_LOCK_WAIT: "600ms" } });
  await invoke(callerEvent("codedeploy"));
  const [call] = calls;
  const event = call?.to === "itself" ? call.event : {};
  const { resume } = event as { resume: object };
  await invoke({ ...event, resume: { ...resume, hop: 8 } });
  await holder.end();
  expect(told(calls)).toEqual(["itself", "Failed"]);
  expect(lines).toMatchObject([
    { failure: "LOCK_NOT_ACQUIRED", Failed: 0, level: "INFO", LockWaitMs: expect.any(Number) },
    { failure: "LOCK_NOT_ACQUIRED", Failed: 1, level: "ERROR" },
  ]);
  expect(lines[0]?.["LockWaitMs"]).toBeGreaterThan(0);
});

test.each<[string, NonNullable<FunctionOptions["answer"]>]>([
  [
    "is denied",
    async (call) => {
      if (call.to === "itself") throw clientFault("AccessDeniedException");
    },
  ],
  [
    "hangs, as in a VPC without a way to Lambda",
    async (call, signal) => {
      if (call.to === "itself") await once(signal, "abort").then(() => Promise.reject(signal.reason));
    },
  ],
])("a caller is told Failed when the call of the next invocation %s", async (_what, answer) => {
  const database = await freshDatabase(serverUrl);
  const { calls, lines, invoke } = startFunction(database.url, LONG, { answer });
  await invoke(callerEvent("codedeploy"), 3_000);
  expect(told(calls)).toEqual(["Failed"]);
  expect(lines).toMatchObject([
    { outcome: "incomplete", Failed: 1, answer: expect.stringMatching(/^delivered: Failed: .* to itself \(/) },
  ]);
});

test("an invocation that goes on ends before the hour of its caller does, however long its own time is", async () => {
  const database = await freshDatabase(serverUrl);
  const { calls, invoke } = startFunction(database.url, LONG);
  const first = startFunction(database.url, LONG);
  await first.invoke(callerEvent("codedeploy"), 2_000);
  const [call] = first.calls;
  const event = call?.to === "itself" ? call.event : {};
  const { resume } = event as { resume: object };
  const startedAt = Date.now() - 58 * 60_000 + 2_000;
  const before = performance.now();
  await invoke({ ...event, resume: { ...resume, startedAt } }, 900_000);
  expect(performance.now() - before).toBeLessThan(3_000);
  expect(told(calls)).toEqual(["Failed"]);
});

test("neither a ResponseURL's signature nor a pipeline's credentials come into the log, whatever becomes of the answer", async () => {
  const database = await freshDatabase(serverUrl);
  const refuse = () => Promise.reject(clientFault("AccessDeniedException"));
  const functions = [startFunction(database.url, ONE, { answer: refuse }), startFunction(database.url, ONE)];
  const errors: unknown[] = [];
  for (const { invoke } of functions) {
    for (const event of [
      callerEvent("codepipeline"),
      changedEvent("cloudformation", { RequestType: "Delete" }),
      callerEvent("cloudformation"),
    ]) {
      await invoke(event).catch((error: Error) => errors.push(error.message, error.stack, { ...error }));
    }
  }
  expect(errors).toHaveLength(9);
  expect(functions.map(({ lines }) => lines.length)).toEqual([3, 3]);
  const text = JSON.stringify([functions.map(({ lines }) => lines), errors]);
  const { data } = callerEvent("codepipeline")["CodePipeline.job"] as {
    data: { artifactCredentials: { accessKeyId: string; secretAccessKey: string; sessionToken: string } };
  };
  const { accessKeyId, secretAccessKey, sessionToken } = data.artifactCredentials;
  for (const secret of [accessKeyId, secretAccessKey, sessionToken, "Signature"]) expect(text).not.toContain(secret);
});

test("the database's password comes neither into the answer nor into the log, though a migration says it", async () => {
  const { name, urlOf } = await freshRole(serverUrl, "superuser");
  const database = await freshDatabase(serverUrl);
  const url = urlOf(database.url);
  const { password } = new URL(url);
  const loose = manifestOf({
    "0001_loose.up.sql": `do $$ begin raise 'the password of ${name} is ${password}'; end $$;`,
  });
  const { lines, invoke } = startFunction(url, loose);
  const answer = await invoke(changedEvent("ecs", { hookDetails: { command: "run" } }));
  expect(answer).toMatchObject({
    hookStatus: "FAILED",
    reason: expect.stringContaining(`the password of ${name} is ***`),
  });
  expect(JSON.stringify([answer, lines])).not.toContain(password);
});

// What each caller that has to be called back is told when its API, the database or Lambda itself misbehaves.
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, type TestContext, test } from "vitest";
import { FUNCTION_BUNDLE, ROOT } from "../support/built-product.ts";
import { changedEvent, pipelineJob } from "../support/caller-events.ts";
import { startCountingProxy } from "../support/counting-proxy.ts";
import { createTestDatabase, postgresVersions } from "../support/database.ts";
import { CREDENTIALS, startCodeDeploy, startCodePipeline, startResponseUrl } from "../support/deploy-services.ts";
import { startLambda } from "../support/lambda-runtime.ts";

const { url: serverUrl } = postgresVersions.at(-1) as { url: string };

/** One caller's API for one test: an event of it, what it took for an answer, and ways to make it misbehave. */
interface Caller {
  readonly event: Record<string, unknown>;
  readonly env: Readonly<Record<string, string>>;
  /** `go`, `stop`, or null while there is none. */
  answer(): "go" | "stop" | null;
  answers(): number;
  failTwice(): void;
  hang(): void;
  /** What the log has to say of an answer that could not be delivered. */
  readonly byHand: RegExp;
}

async function codedeploy({ onTestFinished }: TestContext): Promise<Caller> {
  const api = await startCodeDeploy();
  onTestFinished(() => api.stop());
  const id = randomUUID();
  return {
    event: changedEvent("codedeploy", { LifecycleEventHookExecutionId: id }),
    env: { AWS_ENDPOINT_URL_CODEDEPLOY: api.endpointUrl },
    answer: () => (api.answers.has(id) ? (api.answers.get(id) === "Succeeded" ? "go" : "stop") : null),
    answers: () => api.answers.size,
    failTwice: () => api.inject({ kind: "close" }, { times: 2 }),
    hang: () => api.inject({ kind: "hang" }),
    byHand: /aws deploy put-lifecycle-event-hook-execution-status/,
  };
}

async function codepipeline({ onTestFinished }: TestContext): Promise<Caller> {
  const api = await startCodePipeline();
  onTestFinished(() => api.stop());
  const id = randomUUID();
  const kinds = { success: "go", failure: "stop" } as const;
  return {
    event: pipelineJob("run", undefined, id),
    env: { AWS_ENDPOINT_URL_CODEPIPELINE: api.endpointUrl },
    answer: () => kinds[api.results.get(id)?.kind as "success"] ?? null,
    answers: () => api.results.size,
    failTwice: () => api.inject({ kind: "close" }, { times: 2 }),
    hang: () => api.inject({ kind: "hang" }),
    byHand: /aws codepipeline put-job-success-result/,
  };
}

async function cloudformation({ onTestFinished }: TestContext): Promise<Caller> {
  const api = await startResponseUrl();
  onTestFinished(() => api.stop());
  const { hash } = JSON.parse(await readFile(join(ROOT, "dist", "manifest.json"), "utf8"));
  const statuses = { SUCCESS: "go", FAILED: "stop" } as const;
  return {
    event: changedEvent("cloudformation", {
      ResponseURL: api.url,
      RequestId: randomUUID(),
      ResourceProperties: { ManifestHash: hash },
    }),
    env: {},
    answer: () => statuses[api.responses.at(-1)?.["Status"] as "SUCCESS"] ?? null,
    answers: () => api.responses.length,
    failTwice: () => api.refuse(2),
    hang: () => api.hang(),
    byHand: /to the ResponseURL of request/,
  };
}

async function setup(
  start: (context: TestContext) => Promise<Caller>,
  context: TestContext,
  options: { timeoutMs?: number; url?: string } = {},
) {
  const database = await createTestDatabase(serverUrl);
  context.onTestFinished(() => database.drop());
  const caller = await start(context);
  const lambda = await startLambda({
    bundle: FUNCTION_BUNDLE,
    env: { ...CREDENTIALS, HELLOJOHN_DATABASE_URL: options.url ?? database.url, ...caller.env },
    timeoutMs: options.timeoutMs ?? 30_000,
  });
  context.onTestFinished(() => lambda.stop());
  return { caller, database, lambda };
}

describe.concurrent.each([
  { name: "CodeDeploy", start: codedeploy },
  { name: "CodePipeline", start: codepipeline },
  { name: "CloudFormation", start: cloudformation },
])("$name", ({ start }) => {
  test("is told again while its API fails", async (context) => {
    const { caller, lambda } = await setup(start, context);
    caller.failTwice();
    expect((await lambda.invoke(caller.event)).functionError).toBeNull();
    expect(caller.answer()).toBe("go");
  });

  test("is not told while its API hangs: an error before the invocation ends says how to do it by hand", async (context) => {
    const { caller, lambda } = await setup(start, context, { timeoutMs: 5_000 });
    caller.hang();
    const { functionError, payload, logs } = await lambda.invoke(caller.event);
    expect(functionError).toBe("Unhandled");
    expect(payload).toMatchObject({ errorType: "MigrationError" });
    expect(logs).toMatch(caller.byHand);
    expect(logs).not.toContain("X-Amz-Signature=abc");
  });

  test("is told to stop before the invocation ends when the database falls silent", async (context) => {
    const proxy = await startCountingProxy(serverUrl, { onQuery: () => proxy.freeze("replies") });
    context.onTestFinished(() => proxy.close());
    const { caller, lambda } = await setup(start, context, { timeoutMs: 5_000, url: proxy.url });
    const { functionError, logs } = await lambda.invoke(caller.event);
    proxy.sever();
    expect(functionError).toBeNull();
    expect(caller.answer()).toBe("stop");
    expect(logs).toContain("NO_REPORT_IN_TIME");
  });

  test("is told to stop when the function's settings are wrong", async (context) => {
    const { caller, lambda } = await setup(start, context, { url: "mysql://nowhere" });
    expect((await lambda.invoke(caller.event)).functionError).toBeNull();
    expect(caller.answer()).toBe("stop");
  });

  test("hears of two deliveries of one event as of one, and each migration is applied once", async (context) => {
    const { caller, database, lambda } = await setup(start, context);
    await lambda.invoke(caller.event);
    expect((await lambda.invoke(caller.event)).functionError).toBeNull();
    expect(caller.answer()).toBe("go");
    // CloudFormation's bucket takes a second answer for the same request, and CloudFormation reads the first.
    expect(caller.answers()).toBe(start === cloudformation ? 2 : 1);
    expect(await database.query("select count(*)::int as entries, max(batch) as batch from hj_migration")).toEqual([
      { entries: 7, batch: 1 },
    ]);
  });
});

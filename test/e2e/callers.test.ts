// The events of callers other than CodeDeploy through the built function under AWS's runtime client, against the API that
// each answers to.
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { FUNCTION_BUNDLE, ROOT } from "../support/built-product.ts";
import { batchesOf, FAILING, slowMigrations, startFunction } from "../support/called-function.ts";
import { callerEvent, changedEvent, pipelineJob } from "../support/caller-events.ts";
import { postgresVersions } from "../support/database.ts";
import { type CodePipeline, startCodePipeline, startResponseUrl } from "../support/deploy-services.ts";
import type { Lambda } from "../support/lambda-runtime.ts";
import { manifestOf } from "../support/manifest.ts";
import { packageFunction } from "../support/packaged-function.ts";
import { freshDatabase } from "../support/workplace.ts";

const { url: serverUrl } = postgresVersions.at(-1) as { url: string };

let forty: string;
let twelve: string;
let failing: string;

beforeAll(async () => {
  const packaged = await Promise.all([slowMigrations(40), slowMigrations(12), FAILING].map(packageFunction));
  [forty, twelve, failing] = packaged.map(({ bundle }) => bundle) as [string, string, string];
  return async () => {
    for (const { remove } of packaged) await remove();
  };
});

describe("CodePipeline", () => {
  let codepipeline: CodePipeline;
  beforeAll(async () => {
    codepipeline = await startCodePipeline();
  });
  afterAll(() => codepipeline.stop());
  const env = () => ({ AWS_ENDPOINT_URL_CODEPIPELINE: codepipeline.endpointUrl });

  test("calls again until a run that needs five invocations is done: one batch, one final answer", async () => {
    const database = await freshDatabase(serverUrl);
    const lambda = await startFunction(forty, database.url, env(), 3_000);
    let token: string | undefined;
    let jobs = 0;
    // A run that does not get on would end as failed.
    for (; jobs < 20; jobs++) {
      const id = `job-${jobs}-${randomUUID()}`;
      await lambda.invoke(pipelineJob("run", token, id));
      const result = codepipeline.results.get(id);
      if (result?.kind !== "success") throw new Error(JSON.stringify(result));
      token = result.input.continuationToken;
      if (token === undefined) {
        expect(result.input.outputVariables).toMatchObject({ Outcome: "applied", PendingCount: "0" });
        break;
      }
    }
    expect(jobs).toBeGreaterThanOrEqual(4);
    expect(await batchesOf(database)).toEqual([{ batch: 1, versions: 40, entries: 40 }]);
    expect(codepipeline.violations).toEqual([]);
  });

  test("is told of a failed migration and of wrong parameters by their types", async () => {
    const database = await freshDatabase(serverUrl);
    const lambda = await startFunction(failing, database.url, env());
    for (const [parameters, type] of [
      ["run", "JobFailed"],
      ["runn", "ConfigurationError"],
    ] as const) {
      const id = randomUUID();
      await lambda.invoke(pipelineJob(parameters, undefined, id));
      expect(codepipeline.results.get(id)).toMatchObject({ kind: "failure", input: { failureDetails: { type } } });
    }
  });

  test("never finds the event's credentials in a log", async () => {
    const database = await freshDatabase(serverUrl);
    const lambda = await startFunction(FUNCTION_BUNDLE, database.url, env());
    const event = pipelineJob("status", undefined, randomUUID());
    const { logs } = await lambda.invoke(event);
    expect(logs).not.toMatch(/AKIAIOSFODNN7EXAMPLE|wJalrXUtnFEMI|MIICiTCCAfICCQD6m7oRw0uXOjANBgkqhkiG9w0BAQUFADCB/);
  });
});

describe("CloudFormation", () => {
  async function setup(bundle = FUNCTION_BUNDLE) {
    const [responses, database] = [await startResponseUrl(), await freshDatabase(serverUrl)];
    onTestFinished(() => responses.stop());
    const lambda = await startFunction(bundle, database.url, {});
    const { hash } = JSON.parse(await readFile(join(ROOT, "dist", "manifest.json"), "utf8"));
    const resource = (changes: object) =>
      changedEvent("cloudformation", {
        ResponseURL: responses.url,
        RequestId: randomUUID(),
        ResourceProperties: { ManifestHash: hash },
        ...changes,
      });
    return { responses, database, lambda, resource };
  }

  test("is told SUCCESS for this build's migrations, and FAILED for another's, which are not run", async () => {
    const { responses, database, lambda, resource } = await setup();
    await lambda.invoke(resource({ ResourceProperties: { ManifestHash: "another" } }));
    expect(await database.query("select 1 from pg_tables where schemaname = 'public'")).toEqual([]);
    await lambda.invoke(resource({ RequestType: "Create" }));
    expect(responses.responses).toMatchObject([
      { Status: "FAILED", Reason: expect.stringContaining("ManifestHash is another") },
      { Status: "SUCCESS", PhysicalResourceId: "hellojohn-migrations", Data: { Outcome: "applied" } },
    ]);
  });

  test("is told SUCCESS for Delete without a look at the database, be it gone", async () => {
    const { responses, resource } = await setup();
    const lambda = await startFunction(FUNCTION_BUNDLE, "postgresql://u@127.0.0.1:9/d", {});
    await lambda.invoke(resource({ RequestType: "Delete" }));
    expect(responses.responses).toMatchObject([{ Status: "SUCCESS" }]);
  });

  test("is told of the one run of an event that is delivered twice at a time, and once", async () => {
    const { responses, database, resource } = await setup();
    const event = resource({ ResourceProperties: { ManifestHash: manifestOf(slowMigrations(12)).hash } });
    const [first, second] = (await Promise.all([1, 2].map(() => startFunction(twelve, database.url, {})))) as [
      Lambda,
      Lambda,
    ];
    const slow = first.invoke(event);
    await expect
      .poll(() => database.query("select to_regclass('t_0001') is not null as is_there"))
      .toEqual([{ is_there: true }]);
    expect((await second.invoke(event)).logs).toContain("left to the invocation that is at work");
    expect(responses.responses).toEqual([]);
    await slow;
    expect(responses.responses).toMatchObject([{ Status: "SUCCESS" }]);
  });

  test("is told once, by a later invocation of a run that needs several: one batch, each migration once", async () => {
    const { responses, database, resource } = await setup();
    // Of 6 s a fifth is kept back: enough to load the client that calls the next one, also on a machine that does much else.
    const lambda = await startFunction(forty, database.url, {}, 6_000);
    await lambda.invoke(resource({ ResourceProperties: { ManifestHash: manifestOf(slowMigrations(40)).hash } }));
    expect(responses.responses).toEqual([]);
    await expect.poll(() => responses.responses, { timeout: 60_000 }).toMatchObject([{ Status: "SUCCESS" }]);
    expect(await batchesOf(database)).toEqual([{ batch: 1, versions: 40, entries: 40 }]);
  });

  test("is told at most once by a URL that refuses, whose signature is in no log", async () => {
    const { responses, lambda, resource } = await setup();
    responses.status = 403;
    const { functionError, logs } = await lambda.invoke(resource({}));
    expect(functionError).toBe("Unhandled");
    expect(responses.requests).toBe(1);
    expect(logs).toContain("to the ResponseURL of request");
    expect(logs).not.toContain("X-Amz-Signature=abc");
  });

  test("is told again after its bucket was not to be reached", async () => {
    const { responses, lambda, resource } = await setup();
    responses.refuse(2);
    expect((await lambda.invoke(resource({}))).functionError).toBeNull();
    expect(responses.responses).toMatchObject([{ Status: "SUCCESS" }]);
  });
});

describe("ECS", () => {
  test("is answered IN_PROGRESS until the run is done, with what it has to give back, and then SUCCEEDED", async () => {
    const database = await freshDatabase(serverUrl);
    const lambda = await startFunction(twelve, database.url, {}, 3_000);
    let hookDetails: object = { command: "run" };
    const statuses: string[] = [];
    while (statuses.at(-1) !== "SUCCEEDED" && statuses.length < 10) {
      const { payload } = await lambda.invoke(changedEvent("ecs", { hookDetails }));
      const answer = payload as { hookStatus: string; hookDetails?: object };
      statuses.push(answer.hookStatus);
      // As ECS does with what it is given.
      hookDetails = { ...hookDetails, ...answer.hookDetails };
    }
    expect(new Set(statuses.slice(0, -1))).toEqual(new Set(["IN_PROGRESS"]));
    expect(statuses.at(-1)).toBe("SUCCEEDED");
    expect(await batchesOf(database)).toEqual([{ batch: 1, versions: 12, entries: 12 }]);
  });

  test("changes nothing in a stage that is invoked in a rollback too", async () => {
    const database = await freshDatabase(serverUrl);
    const lambda = await startFunction(FUNCTION_BUNDLE, database.url, {});
    const { payload } = await lambda.invoke(changedEvent("ecs", { lifecycleStage: "PRODUCTION_TRAFFIC_SHIFT" }));
    expect(payload).toMatchObject({ hookStatus: "SUCCEEDED", reason: expect.stringContaining("7 migrations pending") });
    expect(await database.query("select 1 from pg_tables where schemaname = 'public'")).toEqual([]);
  });

  test("is answered FAILED, never with an exception, when a migration fails", async () => {
    const database = await freshDatabase(serverUrl);
    const lambda = await startFunction(failing, database.url, {});
    const { payload, functionError } = await lambda.invoke(callerEvent("ecs"));
    expect(functionError).toBeNull();
    expect(payload).toMatchObject({ hookStatus: "FAILED", reason: expect.stringContaining("0002_b failed") });
  });
});

test("a schedule looks, and the log has its metrics", async () => {
  const database = await freshDatabase(serverUrl);
  const lambda = await startFunction(FUNCTION_BUNDLE, database.url, {});
  const { logs, payload } = await lambda.invoke(callerEvent("scheduled"));
  expect(payload).toMatchObject({ outcome: "pending" });
  const line = JSON.parse(logs.split("\n").find((text) => text.startsWith('{"_aws"')) ?? "{}");
  expect(line).toMatchObject({
    FunctionName: "hellojohn-migration-hook",
    Applied: 0,
    Pending: 7,
    Failed: 0,
    trigger: "scheduled",
    outcome: "pending",
  });
  for (const { Name } of line._aws.CloudWatchMetrics[0].Metrics) expect(line[Name]).toEqual(expect.any(Number));
});

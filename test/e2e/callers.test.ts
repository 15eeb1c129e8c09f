// Each caller's own event through the built function under AWS's runtime client, against the API that it answers to.
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { FUNCTION_BUNDLE, ROOT } from "../support/built-product.ts";
import { callerEvent, changedEvent, pipelineJob } from "../support/caller-events.ts";
import { startCountingProxy } from "../support/counting-proxy.ts";
import { createTestDatabase, postgresVersions, type TestDatabase } from "../support/database.ts";
import {
  type CodeDeploy,
  type CodePipeline,
  CREDENTIALS,
  startCodeDeploy,
  startCodePipeline,
  startResponseUrl,
} from "../support/deploy-services.ts";
import { type Lambda, startLambda } from "../support/lambda-runtime.ts";
import { packageFunction } from "../support/packaged-function.ts";

const { url: serverUrl } = postgresVersions.at(-1) as { url: string };
/** Some twelve seconds of work, in migrations that fit into any invocation. */
const FORTY = Object.fromEntries(
  Array.from({ length: 40 }, (_, index) => {
    const version = String(index + 1).padStart(4, "0");
    return [`${version}_m.up.sql`, `select pg_sleep(0.3); create table t_${version} (id int);`];
  }),
);

const FAILING = { "0001_a.up.sql": "create table a (id int)", "0002_b.up.sql": "select usr_id from a" };

let forty: string;
let failing: string;

beforeAll(async () => {
  const packaged = await Promise.all([packageFunction(FORTY), packageFunction(FAILING)]);
  [forty, failing] = packaged.map(({ bundle }) => bundle) as [string, string];
  return async () => {
    for (const { remove } of packaged) await remove();
  };
});

async function freshDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase(serverUrl);
  onTestFinished(() => database.drop());
  return database;
}

/** The function, which can invoke itself. */
async function start(bundle: string, url: string, env: Readonly<Record<string, string>>, timeoutMs = 30_000) {
  const environment: Record<string, string> = { ...CREDENTIALS, HELLOJOHN_DATABASE_URL: url, ...env };
  const lambda: Lambda = await startLambda({ bundle, env: environment, timeoutMs });
  // Read when the process starts, with the first invocation.
  environment["AWS_ENDPOINT_URL_LAMBDA"] = lambda.endpointUrl;
  onTestFinished(() => lambda.stop());
  return lambda;
}

function batchesOf(database: TestDatabase) {
  return database.query<{ batch: number; versions: number; entries: number }>(
    "select batch, count(distinct version)::int as versions, count(*)::int as entries from hj_migration group by batch",
  );
}

describe("CodeDeploy", () => {
  let codedeploy: CodeDeploy;
  beforeAll(async () => {
    codedeploy = await startCodeDeploy();
  });
  afterAll(() => codedeploy.stop());

  function hook() {
    const LifecycleEventHookExecutionId = randomUUID();
    return changedEvent("codedeploy", { LifecycleEventHookExecutionId });
  }
  const idOf = (event: Record<string, unknown>) => String(event["LifecycleEventHookExecutionId"]);
  const answerTo = (event: Record<string, unknown>) => codedeploy.answers.get(idOf(event));
  const env = () => ({ AWS_ENDPOINT_URL_CODEDEPLOY: codedeploy.endpointUrl });

  test("is told Succeeded when the migrations are applied, and again when there is nothing to do", async () => {
    const database = await freshDatabase();
    const lambda = await start(FUNCTION_BUNDLE, database.url, env());
    for (const outcome of ["applied", "up_to_date"]) {
      const event = hook();
      const { functionError, logs } = await lambda.invoke(event);
      expect(functionError).toBeNull();
      expect(answerTo(event)).toBe("Succeeded");
      expect(logs).toContain(`"outcome":"${outcome}"`);
    }
    expect(codedeploy.violations).toEqual([]);
  });

  test("is told Failed when a migration fails, and the log says why in a sentence with the run id", async () => {
    const database = await freshDatabase();
    const lambda = await start(failing, database.url, env());
    const event = hook();
    const { logs } = await lambda.invoke(event);
    expect(answerTo(event)).toBe("Failed");
    expect(logs).toMatch(
      /"message":"0002_b failed and was rolled back at 0002_b\.up\.sql:1:\d+ \(42703\): column \\"usr_id\\" does not exist\. [^"]* Now at schema version 0001, 1 migration done before it \(run [0-9a-f-]{36}\)"/,
    );
  });

  test("is told Failed when the settings are wrong", async () => {
    const lambda = await start(FUNCTION_BUNDLE, "mysql://nowhere", env());
    const event = hook();
    await lambda.invoke(event);
    expect(answerTo(event)).toBe("Failed");
  });

  test("is told once, by the third invocation of a run that needs three: one batch, each migration once", async () => {
    const database = await freshDatabase();
    const lambda = await start(forty, database.url, env(), 6_000);
    const event = hook();
    await lambda.invoke(event);
    await expect.poll(() => answerTo(event), { timeout: 40_000 }).toBe("Succeeded");
    expect(await batchesOf(database)).toEqual([{ batch: 1, versions: 40, entries: 40 }]);
    const [{ invocations }] = await database.query(
      "select count(distinct invocation_id)::int as invocations from hj_migration",
    );
    expect(invocations).toBeGreaterThanOrEqual(3);
    expect(codedeploy.calls.filter(({ input }) => JSON.stringify(input).includes(idOf(event)))).toHaveLength(1);
  });

  test("is told as often as it takes while its API fails", async () => {
    const database = await freshDatabase();
    const lambda = await start(FUNCTION_BUNDLE, database.url, env());
    const event = hook();
    codedeploy.inject({ kind: "close" }, { times: 2 });
    const { functionError } = await lambda.invoke(event);
    codedeploy.heal();
    expect(functionError).toBeNull();
    expect(answerTo(event)).toBe("Succeeded");
  });

  test("cannot be told while its API hangs: the function ends in time, with an error that says what to do", async () => {
    const database = await freshDatabase();
    const lambda = await start(FUNCTION_BUNDLE, database.url, env(), 8_000);
    const event = hook();
    codedeploy.inject({ kind: "hang" });
    const { functionError, payload, logs } = await lambda.invoke(event);
    codedeploy.heal();
    expect(functionError).toBe("Unhandled");
    expect(payload).toMatchObject({ errorType: "MigrationError" });
    expect(logs).toContain(`aws deploy put-lifecycle-event-hook-execution-status --deployment-id d-EXAMPLE123`);
  });

  test("is told Failed before the invocation ends when the database does not answer any more", async () => {
    const database = await freshDatabase();
    const proxy = await startCountingProxy(database.url, { onQuery: () => proxy.freeze("replies") });
    onTestFinished(() => proxy.close());
    const lambda = await start(FUNCTION_BUNDLE, proxy.url, env(), 5_000);
    const event = hook();
    const { functionError, logs } = await lambda.invoke(event);
    expect(functionError).toBeNull();
    expect(answerTo(event)).toBe("Failed");
    expect(logs).toContain("NO_REPORT_IN_TIME");
    proxy.sever();
  });

  test("a second delivery while the first is at work leaves the answer to it", async () => {
    const database = await freshDatabase();
    const event = hook();
    const [first, second] = await Promise.all([start(forty, database.url, env()), start(forty, database.url, env())]);
    const slow = first.invoke(event);
    await expect
      .poll(() => database.query("select to_regclass('t_0001') is not null as is_there"))
      .toEqual([{ is_there: true }]);
    const duplicate = await second.invoke(event);
    expect(duplicate.logs).toContain("left to the invocation that is at work");
    expect(answerTo(event)).toBeUndefined();
    await slow;
    expect(answerTo(event)).toBe("Succeeded");
    expect(await batchesOf(database)).toEqual([{ batch: 1, versions: 40, entries: 40 }]);
  });

  test("a second delivery after the first is answered changes nothing, and is no error", async () => {
    const database = await freshDatabase();
    const lambda = await start(FUNCTION_BUNDLE, database.url, env());
    const event = hook();
    await lambda.invoke(event);
    const { functionError, logs } = await lambda.invoke(event);
    expect(functionError).toBeNull();
    expect(logs).toContain('"answer":"already');
    expect(await batchesOf(database)).toEqual([{ batch: 1, versions: 7, entries: 7 }]);
  });
});

describe("CodePipeline", () => {
  let codepipeline: CodePipeline;
  beforeAll(async () => {
    codepipeline = await startCodePipeline();
  });
  afterAll(() => codepipeline.stop());
  const env = () => ({ AWS_ENDPOINT_URL_CODEPIPELINE: codepipeline.endpointUrl });

  test("calls again until a run that needs five invocations is done: one batch, one final answer", async () => {
    const database = await freshDatabase();
    const lambda = await start(forty, database.url, env(), 3_500);
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
    const database = await freshDatabase();
    const lambda = await start(failing, database.url, env());
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
    const database = await freshDatabase();
    const lambda = await start(FUNCTION_BUNDLE, database.url, env());
    const event = pipelineJob("status", undefined, randomUUID());
    const { logs } = await lambda.invoke(event);
    expect(logs).not.toMatch(/AKIAIOSFODNN7EXAMPLE|wJalrXUtnFEMI|MIICiTCCAfICCQD6m7oRw0uXOjANBgkqhkiG9w0BAQUFADCB/);
  });
});

describe("CloudFormation", () => {
  async function setup(bundle = FUNCTION_BUNDLE) {
    const [responses, database] = [await startResponseUrl(), await freshDatabase()];
    onTestFinished(() => responses.stop());
    const lambda = await start(bundle, database.url, {});
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
    const lambda = await start(FUNCTION_BUNDLE, "postgresql://u@127.0.0.1:9/d", {});
    await lambda.invoke(resource({ RequestType: "Delete" }));
    expect(responses.responses).toMatchObject([{ Status: "SUCCESS" }]);
  });

  test("is told again after its bucket was not to be reached", async () => {
    const { responses, lambda, resource } = await setup();
    responses.status = 503;
    const invoking = lambda.invoke(resource({}));
    setTimeout(() => (responses.status = 200), 500);
    expect((await invoking).functionError).toBeNull();
    expect(responses.responses).toMatchObject([{ Status: "SUCCESS" }]);
  });
});

describe("ECS", () => {
  test("is answered IN_PROGRESS until the run is done, with what it has to give back, and then SUCCEEDED", async () => {
    const database = await freshDatabase();
    const lambda = await start(forty, database.url, {}, 6_000);
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
    expect(await batchesOf(database)).toEqual([{ batch: 1, versions: 40, entries: 40 }]);
  });

  test("changes nothing in a stage that is invoked in a rollback too", async () => {
    const database = await freshDatabase();
    const lambda = await start(FUNCTION_BUNDLE, database.url, {});
    const { payload } = await lambda.invoke(changedEvent("ecs", { lifecycleStage: "PRODUCTION_TRAFFIC_SHIFT" }));
    expect(payload).toMatchObject({ hookStatus: "SUCCEEDED", reason: expect.stringContaining("7 migrations pending") });
    expect(await database.query("select 1 from pg_tables where schemaname = 'public'")).toEqual([]);
  });

  test("is answered FAILED, never with an exception, when a migration fails", async () => {
    const database = await freshDatabase();
    const lambda = await start(failing, database.url, {});
    const { payload, functionError } = await lambda.invoke(callerEvent("ecs"));
    expect(functionError).toBeNull();
    expect(payload).toMatchObject({ hookStatus: "FAILED", reason: expect.stringContaining("0002_b failed") });
  });
});

test("a schedule looks, and the log has its metrics", async () => {
  const database = await freshDatabase();
  const lambda = await start(FUNCTION_BUNDLE, database.url, {});
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

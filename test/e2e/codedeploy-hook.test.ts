// CodeDeploy's event through the built function under AWS's runtime client, against the API that it answers to.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { FUNCTION_BUNDLE } from "../support/built-product.ts";
import { batchesOf, FAILING, slowMigrations, startFunction } from "../support/called-function.ts";
import { changedEvent } from "../support/caller-events.ts";
import { startCountingProxy } from "../support/counting-proxy.ts";
import { postgresVersions } from "../support/database.ts";
import { type CodeDeploy, startCodeDeploy } from "../support/deploy-services.ts";
import type { Lambda } from "../support/lambda-runtime.ts";
import { packageFunction } from "../support/packaged-function.ts";
import { engineSessionsOf, freshDatabase, openTransaction } from "../support/workplace.ts";

const { url: serverUrl } = postgresVersions.at(-1) as { url: string };

let forty: string;
let twelve: string;
let failing: string;
let detached: string;

beforeAll(async () => {
  const packaged = await Promise.all([slowMigrations(40), slowMigrations(12), FAILING, DETACHED].map(packageFunction));
  [forty, twelve, failing, detached] = packaged.map(({ bundle }) => bundle) as [string, string, string, string];
  return async () => {
    for (const { remove } of packaged) await remove();
  };
});

const DETACHED = { "0001_t.up.sql": "-- hj:detach\n-- hj:timeout 1h\ncreate index concurrently t_a on t (a);" };

/** Where a connection is refused at once. */
const NOBODY = "http://127.0.0.1:9";

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
    const database = await freshDatabase(serverUrl);
    const lambda = await startFunction(FUNCTION_BUNDLE, database.url, env());
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
    const database = await freshDatabase(serverUrl);
    const lambda = await startFunction(failing, database.url, env());
    const event = hook();
    const { logs } = await lambda.invoke(event);
    expect(answerTo(event)).toBe("Failed");
    expect(logs).toMatch(
      /"message":"0002_b failed and was rolled back at 0002_b\.up\.sql:1:\d+ \(42703\): column \\"usr_id\\" does not exist\. [^"]* Now at schema version 0001, 1 migration done before it \(run [0-9a-f-]{36}\)"/,
    );
  });

  test("is told Failed when the settings are wrong", async () => {
    const lambda = await startFunction(FUNCTION_BUNDLE, "mysql://nowhere", env());
    const event = hook();
    await lambda.invoke(event);
    expect(answerTo(event)).toBe("Failed");
  });

  test("is told once, by the third invocation of a run that needs three: one batch, each migration once", async () => {
    const database = await freshDatabase(serverUrl);
    const lambda = await startFunction(forty, database.url, env(), 4_200);
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

  test("is told once, by the invocation that finds the index built which the first one left to the server", async () => {
    const database = await freshDatabase(serverUrl);
    await database.query("create table t (a int)");
    const writer = await openTransaction(database.url, "insert into t values (1)");
    const lambda = await startFunction(detached, database.url, env(), 4_000);
    const event = hook();
    const { logs } = await lambda.invoke(event);
    expect(logs).toMatch(/"message":"[^"]*a run is at work in pid \d+ [^"]* detached 0001[^"]*"/);
    // The second invocation has begun to wait, and then the build may end.
    const names = async () => (await engineSessionsOf(database)).map(({ application }) => application);
    await expect
      .poll(names, { timeout: 20_000 })
      .toEqual(expect.arrayContaining([expect.stringMatching(/\/0 detached 0001$/), expect.stringMatching(/\/1$/)]));
    expect(answerTo(event)).toBeUndefined();
    await writer.query("commit");
    await expect.poll(() => answerTo(event), { timeout: 40_000 }).toBe("Succeeded");
    expect(await batchesOf(database)).toEqual([{ batch: 1, versions: 1, entries: 1 }]);
    expect(await database.query("select indisvalid from pg_index where indrelid = 't'::regclass")).toEqual([
      { indisvalid: true },
    ]);
    expect(codedeploy.calls.filter(({ input }) => JSON.stringify(input).includes(idOf(event)))).toHaveLength(1);
  });

  test("is told Failed when a run that needs another invocation may not call it", async () => {
    const database = await freshDatabase(serverUrl);
    const lambda = await startFunction(twelve, database.url, { ...env(), AWS_ENDPOINT_URL_LAMBDA: NOBODY }, 3_000);
    const event = hook();
    const { functionError, logs } = await lambda.invoke(event);
    expect(functionError).toBeNull();
    expect(answerTo(event)).toBe("Failed");
    expect(logs).toMatch(
      /"answer":"delivered: Failed: Time ran out [^"]*; the answer could not be delivered to itself/,
    );
  });

  test("is told as often as it takes while its API fails", async () => {
    const database = await freshDatabase(serverUrl);
    const lambda = await startFunction(FUNCTION_BUNDLE, database.url, env());
    const event = hook();
    codedeploy.inject({ kind: "close" }, { times: 2 });
    const { functionError } = await lambda.invoke(event);
    codedeploy.heal();
    expect(functionError).toBeNull();
    expect(answerTo(event)).toBe("Succeeded");
  });

  test("cannot be told while its API hangs: the function ends in time, with an error that says what to do", async () => {
    const database = await freshDatabase(serverUrl);
    const lambda = await startFunction(FUNCTION_BUNDLE, database.url, env(), 7_000);
    const event = hook();
    codedeploy.inject({ kind: "hang" });
    const { functionError, payload, logs } = await lambda.invoke(event);
    codedeploy.heal();
    expect(functionError).toBe("Unhandled");
    expect(payload).toMatchObject({ errorType: "MigrationError" });
    expect(logs).toContain(`aws deploy put-lifecycle-event-hook-execution-status --deployment-id d-EXAMPLE123`);
  });

  test("is told Failed before the invocation ends when the database does not answer any more", async () => {
    const database = await freshDatabase(serverUrl);
    const proxy = await startCountingProxy(database.url, { onQuery: () => proxy.freeze("replies") });
    onTestFinished(() => proxy.close());
    const lambda = await startFunction(FUNCTION_BUNDLE, proxy.url, env(), 5_000);
    const event = hook();
    const { functionError, logs } = await lambda.invoke(event);
    expect(functionError).toBeNull();
    expect(answerTo(event)).toBe("Failed");
    expect(logs).toContain("NO_REPORT_IN_TIME");
    proxy.sever();
  });

  test("a second delivery while the first is at work leaves the answer to it", async () => {
    const database = await freshDatabase(serverUrl);
    const event = hook();
    const [first, second] = (await Promise.all([1, 2].map(() => startFunction(twelve, database.url, env())))) as [
      Lambda,
      Lambda,
    ];
    const slow = first.invoke(event);
    await expect
      .poll(() => database.query("select to_regclass('t_0001') is not null as is_there"))
      .toEqual([{ is_there: true }]);
    const duplicate = await second.invoke(event);
    expect(duplicate.logs).toContain("left to the invocation that is at work");
    expect(answerTo(event)).toBeUndefined();
    await slow;
    expect(answerTo(event)).toBe("Succeeded");
    expect(await batchesOf(database)).toEqual([{ batch: 1, versions: 12, entries: 12 }]);
  });

  test("a second delivery after the first is answered changes nothing, and is no error", async () => {
    const database = await freshDatabase(serverUrl);
    const lambda = await startFunction(FUNCTION_BUNDLE, database.url, env());
    const event = hook();
    await lambda.invoke(event);
    const { functionError, logs } = await lambda.invoke(event);
    expect(functionError).toBeNull();
    expect(logs).toContain('"answer":"already');
    expect(await batchesOf(database)).toEqual([{ batch: 1, versions: 7, entries: 7 }]);
  });
});

// The built bundle under AWS's own runtime client, beside the built command line on the same database.
import { X509Certificate } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Report, reportSchema } from "../../src/engine/report-schema.ts";
import { bundledCode, FUNCTION_BUNDLE } from "../support/built-product.ts";
import { hj } from "../support/command-line.ts";
import { createTestDatabase, postgresVersions, type TestDatabase } from "../support/database.ts";
import { type Lambda, startLambda } from "../support/lambda-runtime.ts";

/** What two reports of one state may differ in: who asked, and when. */
const OF_THE_INVOCATION = { runId: "", invocationId: "", startedAt: "", durationMs: 0 };

describe.each(postgresVersions)("the built function on PostgreSQL $version", ({ url }) => {
  let database: TestDatabase;
  let lambda: Lambda;

  beforeAll(async () => {
    database = await createTestDatabase(url);
    lambda = await startLambda({ bundle: FUNCTION_BUNDLE, env: { HELLOJOHN_DATABASE_URL: database.url } });
  });
  afterAll(async () => {
    await lambda?.stop();
    await database?.drop();
  });

  async function invoke(event: unknown): Promise<Report> {
    const { payload, functionError } = await lambda.invoke(event);
    expect(functionError).toBeNull();
    return reportSchema.parse(payload);
  }

  async function onTheCommandLine(...args: string[]): Promise<Report> {
    const { stdout } = await hj(["migrations", ...args, "--json"], { env: { HELLOJOHN_DATABASE_URL: database.url } });
    return reportSchema.parse(JSON.parse(stdout));
  }

  test("reports what the command line reports, before, during and after the migrations", async () => {
    const commands = [["status"], ["list"], ["run", "--dry-run"], ["rollback"], ["validate"]];
    const compare = async () => {
      for (const [command, flag] of commands) {
        const report = await invoke({ command, ...(flag && { dryRun: true }) });
        const printed = await onTheCommandLine(...([command, flag].filter(Boolean) as string[]));
        expect({ ...report, ...OF_THE_INVOCATION }).toEqual({ ...printed, ...OF_THE_INVOCATION });
      }
    };
    await compare();
    const applied = await invoke({ command: "run" });
    expect(applied).toMatchObject({ ok: true, outcome: "applied", counts: { applied: 7, pending: 0 } });
    await compare();
    expect(await onTheCommandLine("run")).toMatchObject({ ok: true, outcome: "up_to_date" });
  });

  test("carries Lambda's request id and answers a bad event with all that is wrong with it", async () => {
    const report = await invoke({ command: "runn", dryrun: true, steps: 0 });
    expect(report.invocationId).toMatch(/^[0-9a-f-]{36}$/);
    if (report.outcome !== "refused") throw new Error(`unexpected outcome ${report.outcome}`);
    expect(report.problems.map(({ field }) => field).sort()).toEqual(["command", "dryrun", "steps"]);
  });
});

test("the function without a database setting refuses every request by name", async () => {
  const lambda = await startLambda({ bundle: FUNCTION_BUNDLE, env: {} });
  try {
    const { payload } = await lambda.invoke({ command: "status" });
    expect(payload).toMatchObject({
      ok: false,
      outcome: "refused",
      problems: [{ code: "INVALID_SETTING", field: "HELLOJOHN_DATABASE_URL", message: "is not set" }],
    });
  } finally {
    await lambda.stop();
  }
});

test("the bundle holds Amazon's certificates for RDS, none of them expired", async () => {
  const bundle = (await bundledCode()).replaceAll("\\n", "\n");
  const certificates = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  expect(certificates.length).toBeGreaterThan(50);
  const dates = certificates.map((pem) => new X509Certificate(pem).validToDate);
  expect(dates.filter((date) => date < new Date())).toEqual([]);
});

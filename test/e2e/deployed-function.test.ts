// hj --function and the AWS CLI against the built function under AWS's runtime client, beside a local run.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, request as forward } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { bundleFunction } from "../../src/build/bundle-function.ts";
import { compileDirectory } from "../../src/build/compile-directory.ts";
import { reportSchema } from "../../src/engine/report-schema.ts";
import { aws, awsCliIsMissing } from "../support/aws-cli.ts";
import { CLI, FUNCTION_BUNDLE, ROOT } from "../support/built-product.ts";
import { type Finished, hj } from "../support/command-line.ts";
import { postgresVersions, type TestDatabase } from "../support/database.ts";
import { startFaultyInvokeApi } from "../support/faulty-invoke-api.ts";
import { withDirectory } from "../support/generated-directory.ts";
import { type Lambda, type LambdaOptions, startLambda } from "../support/lambda-runtime.ts";
import { packagesIn, runAndList } from "../support/loaded-files.ts";
import { baseOf } from "../support/report.ts";
import { freshDatabase, journalOf, openTransaction } from "../support/workplace.ts";

const newest = postgresVersions.at(-1);
if (newest === undefined) throw new Error("no PostgreSQL to test on");
const { url: serverUrl } = newest;

const AWS = {
  HOME: "/nonexistent",
  AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
  AWS_SECRET_ACCESS_KEY: "example",
  AWS_REGION: "eu-west-1",
};

/** A function for the running test alone. */
async function freshLambda(database: TestDatabase, options: Partial<LambdaOptions> = {}): Promise<Lambda> {
  const env = { HELLOJOHN_DATABASE_URL: database.url };
  const lambda = await startLambda({ bundle: FUNCTION_BUNDLE, env, ...options });
  onTestFinished(() => lambda.stop());
  return lambda;
}

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "hj-deployed-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

function inAws(lambda: Lambda, ...args: string[]): Promise<Finished> {
  const target = ["--function", lambda.functionName, "--endpoint-url", lambda.endpointUrl];
  return hj(["migrations", ...args, ...target], { env: AWS });
}

function locally(database: TestDatabase, ...args: string[]): Promise<Finished> {
  return hj(["migrations", ...args], { env: { HELLOJOHN_DATABASE_URL: database.url } });
}

/** What two commands on two databases may differ in: whom they ask and when, and how long it took. */
function comparable({ stdout, stderr, exitCode }: Finished) {
  const plain = (text: string) =>
    text
      .replaceAll(/^Waiting for .*\n/gm, "")
      .replaceAll(/test_\w+/g, "DATABASE")
      .replaceAll(/\(\d+(?:\.\d)?m?s/g, "(TIME")
      .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "INSTANT")
      .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "ID");
  return { stdout: plain(stdout), stderr: plain(stderr), exitCode };
}

describe("hj --function", () => {
  test("says and exits as the same commands do locally", async () => {
    const [here, there] = [await freshDatabase(serverUrl), await freshDatabase(serverUrl)];
    const lambda = await freshLambda(there);
    const compare = async (exitCode: number, ...args: string[]) => {
      const local = comparable(await locally(here, ...args));
      expect(comparable(await inAws(lambda, ...args)), args.join(" ")).toEqual(local);
      expect(local.exitCode, args.join(" ")).toBe(exitCode);
      return local.stdout;
    };
    // The first migration alone: what follows is a batch that can be taken back.
    const first = "20240115_001_initial_schema.up.sql";
    const sql = await readFile(join(ROOT, "migrations", first), "utf8");
    await withDirectory({ [first]: sql }, async (directory) => {
      for (const database of [here, there]) await locally(database, "run", "--dir", directory);
    });
    expect(await compare(0, "status")).toContain("Pending migrations: 6");
    expect(await compare(0, "run", "--dry-run")).toContain("Would apply 6 migrations:");
    for (const database of [here, there]) await database.query("create table hj_webhook ()");
    expect(await compare(1, "run")).toContain('relation "hj_webhook" already exists');
    for (const database of [here, there]) await database.query("drop table hj_webhook");
    expect(await compare(0, "run")).toContain("Migrations complete. Schema version: 20240601_002");
    await compare(0, "run");
    await compare(0, "status");
    expect(await compare(0, "list")).toContain("20240601_002_session_device_fingerprint");
    expect(await compare(0, "rollback", "--dry-run")).toContain("Would roll back");
    expect(await compare(0, "rollback")).toContain("Rollback complete.");
    await compare(2, "rollback", "--steps", "99");
    await compare(1, "rollback", "--steps", "2");
    await compare(2, "run", "--timeout", "soon");
    await compare(2, "resolve", "20240115_001", "--as", "applied");
    await compare(2, "unlock", "1");
  });

  test("prints the function's report with --json, a refused one too, and nothing else", async () => {
    const lambda = await freshLambda(await freshDatabase(serverUrl));
    const fine = await inAws(lambda, "status", "--json");
    expect(reportSchema.parse(JSON.parse(fine.stdout))).toMatchObject({ outcome: "pending", counts: { pending: 7 } });
    const refused = await inAws(lambda, "run", "--timeout", "soon", "--json");
    expect(reportSchema.parse(JSON.parse(refused.stdout))).toMatchObject({ outcome: "refused" });
    expect(refused.exitCode).toBe(2);
  });

  test("sends an event as it is, and says why the function threw where the event asks for that", async () => {
    const lambda = await freshLambda(await freshDatabase(serverUrl));
    const args = ["invoke", "--event", "-", "--function", `${lambda.functionName}:live`];
    const invoke = (event: object) =>
      hj([...args, "--endpoint-url", lambda.endpointUrl], { env: AWS, stdin: JSON.stringify(event) });
    expect(JSON.parse((await invoke({ command: "status" })).stdout)).toMatchObject({ outcome: "pending" });
    const thrown = await invoke({ command: "run", steps: 3, throwOnFailure: true });
    expect(JSON.parse(thrown.stdout)).toMatchObject({ errorType: "RunNotOk" });
    expect(thrown.stderr).toContain("threw, as throwOnFailure asks: Refused: steps means nothing for run");
    expect(thrown.exitCode).toBe(1);
  });

  test("tells a function that Lambda ended at its time-out, and where to look", async () => {
    const database = await freshDatabase(serverUrl);
    // The hook itself answers before its deadline; one that hangs stands for whatever keeps it from that.
    const bundle = join(await freshFolder(), "index.cjs");
    await writeFile(bundle, "exports.handler = () => new Promise((resolve) => setTimeout(resolve, 60_000));");
    const lambda = await freshLambda(database, { bundle, timeoutMs: 300 });
    const { stdout, stderr, exitCode } = await inAws(lambda, "status", "--json");
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    expect(stderr).toContain("was ended by Lambda at its time-out");
    expect(stderr).toContain(`hj migrations status --function ${lambda.functionName}`);
  });

  test("goes on with a run that the function's deadline cuts, and tells all of it as one run", async () => {
    const database = await freshDatabase(serverUrl);
    const folder = await freshFolder();
    // Four of them are more than an invocation has, and one leaves a busy machine seconds to start and to connect.
    const sleep = "select pg_sleep(2);";
    const files = { "1_a.sql": sleep, "2_b.sql": sleep, "3_c.sql": sleep, "4_d.sql": sleep, "5_e.sql": "select 1/0;" };
    await withDirectory(files, async (directory) => {
      const compiled = await compileDirectory(directory, { isStrict: false });
      if ("problems" in compiled) throw new Error("the directory does not compile");
      await bundleFunction(compiled.manifest, ROOT, folder);
    });
    const lambda = await freshLambda(database, { bundle: join(folder, "function", "index.cjs"), timeoutMs: 8_000 });
    const { stdout, stderr, exitCode } = await inAws(lambda, "run");
    expect(exitCode).toBe(1);
    for (const name of ["1_a", "2_b", "3_c", "4_d"]) expect(stdout).toMatch(new RegExp(`^ {2}✅ {2}${name} \\(`, "m"));
    expect(stdout).toContain("  ❌  5_e (");
    expect(stdout).toContain("division by zero (22012)");
    expect(stdout).toContain("Migration failed. Schema version: 4\n");
    const entries = await journalOf(database);
    expect(new Set(entries.map(({ batch }) => batch))).toEqual(new Set([1]));
    // More than one invocation, and the run's own id to find all of them by.
    const [runs, invocations] = await Promise.all([idsOf(database, "run_id"), idsOf(database, "invocation_id")]);
    expect(runs).toHaveLength(1);
    expect(invocations.length).toBeGreaterThan(1);
    expect(stderr).toContain(`Run ${runs[0]}, invocation `);
  });
});

async function idsOf(database: TestDatabase, column: "run_id" | "invocation_id"): Promise<readonly string[]> {
  const rows = await database.query<{ id: string }>(`select distinct ${column}::text as id from hj_migration`);
  return rows.map(({ id }) => id);
}

describe("a command loads only what it needs", () => {
  async function packagesOf(
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<readonly string[]> {
    const packages = await packagesIn(await runAndList([CLI, ...args], env));
    // Whatever a command is for, commander reads it.
    expect(packages).toContain("commander");
    return [...packages];
  }

  test("in AWS the SDK's client, and no driver of PostgreSQL and no parser", async () => {
    const report = { ...baseOf(), ok: true, outcome: "up_to_date" };
    const { endpointUrl } = await startFaultyInvokeApi({ fates: [{ kind: "answer", body: JSON.stringify(report) }] });
    const packages = await packagesOf(
      ["migrations", "status", "--function", "hook", "--endpoint-url", endpointUrl],
      AWS,
    );
    expect(packages).toContain("@aws-sdk/client-lambda");
    expect(packages).toEqual(expect.not.arrayContaining(["pg"]));
    expect(packages).toEqual(expect.not.arrayContaining(["libpg-query"]));
  });

  test("here the driver, and nothing of AWS's SDK and no parser", async () => {
    const database = await freshDatabase(serverUrl);
    const packages = await packagesOf(["migrations", "status"], { HELLOJOHN_DATABASE_URL: database.url });
    expect(packages).toContain("pg");
    expect(packages.filter((name) => /^@(?:aws-sdk|smithy)\//.test(name))).toEqual([]);
    expect(packages).toEqual(expect.not.arrayContaining(["libpg-query"]));
  });
});

describe.skipIf(awsCliIsMissing !== null)("the AWS CLI", () => {
  /** Spreads invocations over functions in turn, as AWS gives each its own process. Returns its URL and what came. */
  async function spread(lambdas: readonly Lambda[]) {
    const received: string[] = [];
    const server = createServer((request, response) => {
      const lambda = lambdas[received.length % lambdas.length];
      received.push(request.url ?? "");
      const { method, headers } = request;
      const onward = forward(new URL(request.url ?? "", lambda?.endpointUrl), { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      onward.on("error", () => response.destroy());
      request.pipe(onward);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    return { endpointUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
  }

  async function invokeRun(endpointUrl: string, readTimeout: string, attempts: string) {
    const folder = await freshFolder();
    await writeFile(join(folder, "event.json"), '{"command":"run"}');
    const args = ["lambda", "invoke", "--function-name", "hellojohn-migration-hook", "--endpoint-url", endpointUrl];
    const options = ["--payload", "fileb://event.json", "--cli-read-timeout", readTimeout, "--output", "json"];
    const finish = await aws([...args, ...options, "answer.json"], folder, { AWS_MAX_ATTEMPTS: attempts });
    const answer = await readFile(join(folder, "answer.json"), "utf8").catch(() => "");
    return { ...finish, answer };
  }

  test("gets the report of the run that it asked for", async () => {
    const database = await freshDatabase(serverUrl);
    const lambda = await freshLambda(database);
    const { stdout, stderr, exitCode, answer } = await invokeRun(lambda.endpointUrl, "0", "1");
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(JSON.parse(stdout)).toMatchObject({ StatusCode: 200 });
    expect(reportSchema.parse(JSON.parse(answer))).toMatchObject({ outcome: "applied", counts: { applied: 7 } });
    expect(await journalOf(database)).toHaveLength(7);
  });

  test("that gives up waiting and asks again leads to one applied batch, and is told so", async () => {
    const database = await freshDatabase(serverUrl);
    const lambdas = [await freshLambda(database), await freshLambda(database)];
    const { endpointUrl, received } = await spread(lambdas);
    // An uncommitted table of the same name makes the first run wait, longer than the client does.
    const blocker = await openTransaction(database.url, "create table hj_user ()");
    const invoking = invokeRun(endpointUrl, "4", "5");
    await expect.poll(() => received.length, { timeout: 60_000 }).toBeGreaterThan(1);
    await blocker.query("rollback");
    const { stderr, answer, exitCode } = await invoking;
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    const report = reportSchema.parse(JSON.parse(answer));
    expect(report).toMatchObject({ ok: true, counts: { applied: 7, pending: 0 } });
    expect(["applied", "up_to_date"]).toContain(report.outcome);
    const entries = await journalOf(database);
    expect(entries).toHaveLength(7);
    expect(new Set(entries.map(({ batch, run_id }) => `${batch} ${run_id}`)).size).toBe(1);
  });
});

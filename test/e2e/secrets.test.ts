// The built function with its database in Secrets Manager: every shape, rotation, refusals, and that no secret gets out.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type Report, reportSchema } from "../../src/engine/report-schema.ts";
import { FUNCTION_BUNDLE } from "../support/built-product.ts";
import { createTestDatabase, postgresVersions, type TestDatabase } from "../support/database.ts";
import { startLambda } from "../support/lambda-runtime.ts";
import { formsIn } from "../support/secret-forms.ts";
import { type SecretsManager, startSecretsManager } from "../support/secrets-manager.ts";

/** Everything that has a form of its own in a URL, in JSON or in base64. */
const PASSWORD = `p@ss "w/ö\\rd"+%&${randomUUID()}`;
const NAME = "hellojohn/database";

const { url: serverUrl } = postgresVersions.at(-1) as { url: string };
let database: TestDatabase;
const role = { name: `role_${randomUUID().replaceAll("-", "")}` };

beforeAll(async () => {
  database = await createTestDatabase(serverUrl);
  await database.query(`create role ${role.name} login`);
  await setPassword(PASSWORD);
  await database.query(`alter schema public owner to ${role.name}`);
});
afterAll(async () => {
  await database.query(`alter schema public owner to current_user; drop owned by ${role.name}; drop role ${role.name}`);
  await database.drop();
});

async function setPassword(password: string): Promise<void> {
  await database.query(`alter role ${role.name} password '${password.replaceAll("'", "''")}'`);
}

function urlWith(password: string): string {
  return `postgresql://${role.name}:${encodeURIComponent(password)}@${new URL(database.url).host}/${database.name}`;
}

function rdsSecret(password: string, port: unknown = Number(new URL(database.url).port)): string {
  const { hostname: host } = new URL(database.url);
  return JSON.stringify({ engine: "postgres", host, port, username: role.name, password, dbname: database.name });
}

/** A Secrets Manager and a function that reads from it; what the function printed is searched for the secrets. */
async function setup(env: Readonly<Record<string, string>> = {}) {
  const secrets: SecretsManager = await startSecretsManager();
  onTestFinished(() => secrets.stop());
  const lambda = await startLambda({
    bundle: FUNCTION_BUNDLE,
    env: { ...secrets.environment, HELLOJOHN_DATABASE_SECRET_ID: NAME, ...env },
    timeoutMs: 60_000,
  });
  onTestFinished(() => lambda.stop());
  async function invoke(event: unknown, hidden: readonly string[] = [PASSWORD]): Promise<Report> {
    const { payload, functionError, logs } = await lambda.invoke(event);
    for (const secret of hidden) expect(formsIn(JSON.stringify(payload) + logs, secret)).toEqual([]);
    expect(functionError).toBeNull();
    expect(secrets.violations).toEqual([]);
    return reportSchema.parse(payload);
  }
  return { secrets, invoke };
}

describe("the function opens the database with a secret that is", () => {
  const port = () => new URL(database.url).port;
  test.each<[string, () => string | Uint8Array, () => Record<string, string>]>([
    ["a URL", () => urlWith(PASSWORD), () => ({})],
    ["binary", () => new TextEncoder().encode(urlWith(PASSWORD)), () => ({})],
    ["JSON with a URL", () => JSON.stringify({ DATABASE_URL: urlWith(PASSWORD) }), () => ({})],
    [
      "JSON with a URL under a key of its own",
      () => JSON.stringify({ hj: urlWith(PASSWORD), url: "x" }),
      () => ({ HELLOJOHN_DATABASE_SECRET_KEY: "hj" }),
    ],
    ["RDS's rotation's", () => rdsSecret(PASSWORD), () => ({})],
    ["RDS's rotation's, with its port as text", () => rdsSecret(PASSWORD, port()), () => ({})],
    [
      "managed by RDS: a user and a password",
      () => JSON.stringify({ username: role.name, password: PASSWORD }),
      () => ({
        HELLOJOHN_DATABASE_HOST: "127.0.0.1",
        HELLOJOHN_DATABASE_PORT: port(),
        HELLOJOHN_DATABASE_NAME: database.name,
      }),
    ],
  ])("%s", async (_what, secret, env) => {
    const { secrets, invoke } = await setup(env());
    secrets.create(NAME, secret());
    expect(await invoke({ command: "status" })).toMatchObject({ ok: true, database: { schema: "public" } });
    expect(secrets.calls.map(({ operation, input }) => [operation, input])).toEqual([
      ["GetSecretValue", { SecretId: NAME, VersionStage: "AWSCURRENT" }],
    ]);
  });
});

describe("a password that is changed while the function is warm", () => {
  const NEXT = `next-${randomUUID()}`;

  test("is read with the next run, which succeeds: one fetch an invocation, and nothing kept from the last", async () => {
    await setPassword(PASSWORD);
    const { secrets, invoke } = await setup();
    secrets.create(NAME, rdsSecret(PASSWORD));
    expect(await invoke({ command: "status" })).toMatchObject({ ok: true });
    expect(secrets.calls).toHaveLength(1);
    await setPassword(NEXT);
    secrets.putCurrent(NAME, rdsSecret(NEXT));
    expect(await invoke({ command: "status" }, [PASSWORD, NEXT])).toMatchObject({ ok: true });
    expect(secrets.calls).toHaveLength(2);
  });

  test("is found as the pending version while the rotation has changed the database but not the label", async () => {
    await setPassword(PASSWORD);
    const { secrets, invoke } = await setup();
    secrets.create(NAME, rdsSecret(PASSWORD));
    await setPassword(NEXT);
    secrets.putPending(NAME, rdsSecret(NEXT));
    expect(await invoke({ command: "status" }, [PASSWORD, NEXT])).toMatchObject({ ok: true });
    secrets.finishRotation(NAME);
    expect(await invoke({ command: "status" }, [PASSWORD, NEXT])).toMatchObject({ ok: true });
  });

  test("and is in no version, fails with the versions that were tried and their age", async () => {
    await setPassword(`unknown-${randomUUID()}`);
    const { secrets, invoke } = await setup();
    const { versionId } = secrets.create(NAME, rdsSecret(PASSWORD), new Date(Date.now() - 3 * 86_400_000));
    const report = await invoke({ command: "run" });
    await setPassword(PASSWORD);
    expect(report).toMatchObject({
      outcome: "failed",
      failure: {
        code: "AUTHENTICATION_FAILED",
        message: expect.stringContaining(`tried version ${versionId} (AWSCURRENT, 3 days old) of the secret`),
        details: { sqlState: "28P01", secretVersions: [{ versionId, stage: "AWSCURRENT" }] },
      },
    });
    expect(secrets.calls).toHaveLength(3);
  });
});

describe("a secret that cannot be had", () => {
  test.each([
    ["ResourceNotFoundException", "SECRET_NOT_FOUND", 1],
    ["InvalidRequestException", "SECRET_NOT_FOUND", 1],
    ["AccessDeniedException", "SECRET_ACCESS_DENIED", 1],
    ["DecryptionFailure", "SECRET_ACCESS_DENIED", 1],
    ["InternalServiceError", "SECRET_UNAVAILABLE", 3],
    ["ThrottlingException", "SECRET_UNAVAILABLE", 3],
  ] as const)("because of %s is %s, after %i calls", async (error, code, calls) => {
    const { secrets, invoke } = await setup();
    secrets.create(NAME, urlWith(PASSWORD));
    secrets.fail(error);
    const report = await invoke({ command: "run" });
    expect(report).toMatchObject({ outcome: "failed", failure: { code, details: { secretId: NAME, reason: error } } });
    expect(JSON.stringify(report)).not.toContain("123456789012");
    expect(secrets.calls).toHaveLength(calls);
    secrets.heal();
    expect(await invoke({ command: "status" })).toMatchObject({ ok: true });
  });

  test("because nobody answers is SECRET_UNAVAILABLE before the invocation ends", async () => {
    const { secrets, invoke } = await setup();
    secrets.hang();
    const report = await invoke({ command: "run" });
    expect(report).toMatchObject({
      failure: { code: "SECRET_UNAVAILABLE", hint: expect.stringContaining("interface endpoint") },
    });
    // By its own time-out, long before the invocation's.
    expect(report.durationMs).toBeLessThan(25_000);
  });

  test("because it holds too little is refused, with all that it lacks", async () => {
    const { secrets, invoke } = await setup();
    secrets.create(NAME, JSON.stringify({ username: role.name, password: PASSWORD }));
    expect(await invoke({ command: "run" })).toMatchObject({
      outcome: "refused",
      problems: [{ field: "HELLOJOHN_DATABASE_SECRET_ID", message: "names a secret that holds no host and no dbname" }],
    });
  });
});

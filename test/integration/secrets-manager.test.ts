// Our Secrets Manager, called with the real SDK: that it answers as AWS does, and fails as it is told to.
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  type GetSecretValueCommandInput,
  PutSecretValueCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { hasMoto, type Moto, startMoto } from "../support/moto.ts";
import { type SecretsManagerError, startSecretsManager } from "../support/secrets-manager.ts";

function clientFor(endpoint: string, { maxAttempts = 1, requestTimeout = 10_000 } = {}): SecretsManagerClient {
  const client = new SecretsManagerClient({
    endpoint,
    maxAttempts,
    region: "eu-west-1",
    credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "none" },
    requestHandler: { requestTimeout, throwOnRequestTimeout: true },
  });
  onTestFinished(() => client.destroy());
  return client;
}

async function setup(settings?: Parameters<typeof clientFor>[1]) {
  const secrets = await startSecretsManager();
  onTestFinished(() => secrets.stop());
  const client = clientFor(secrets.endpointUrl, settings);
  const get = (input: GetSecretValueCommandInput) => client.send(new GetSecretValueCommand(input));
  return { secrets, client, get };
}

describe("a secret", () => {
  it.each(["name", "ARN", "ARN without its suffix"])("is found by its %s", async (how) => {
    const { secrets, get } = await setup();
    const { arn, versionId } = secrets.create("hellojohn/database", "s3cret", new Date("2026-01-02T03:04:05.678Z"));
    const id = { name: "hellojohn/database", ARN: arn, "ARN without its suffix": arn.slice(0, -7) }[how];
    expect(await get({ SecretId: id })).toMatchObject({
      ARN: arn,
      Name: "hellojohn/database",
      VersionId: versionId,
      SecretString: "s3cret",
      VersionStages: ["AWSCURRENT"],
      CreatedDate: new Date("2026-01-02T03:04:05.678Z"),
    });
  });

  it("may be binary", async () => {
    const { secrets, get } = await setup();
    secrets.create("bytes", Uint8Array.of(0, 255, 10));
    const found = await get({ SecretId: "bytes" });
    expect(found.SecretString).toBeUndefined();
    expect([...(found.SecretBinary ?? [])]).toEqual([0, 255, 10]);
  });

  it("is refused while it is scheduled for deletion, and not found after", async () => {
    const { secrets, get } = await setup();
    secrets.create("scheduled", "x");
    secrets.create("gone", "x");
    secrets.remove("scheduled", "scheduled");
    secrets.remove("gone");
    await expect(get({ SecretId: "scheduled" })).rejects.toMatchObject({ name: "InvalidRequestException" });
    await expect(get({ SecretId: "gone" })).rejects.toMatchObject({ name: "ResourceNotFoundException" });
    await expect(get({ SecretId: "never" })).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  });

  it("shows a value that was changed by hand at once", async () => {
    const { secrets, get } = await setup();
    secrets.create("db", "old");
    const versionId = secrets.putCurrent("db", "new");
    expect(await get({ SecretId: "db" })).toMatchObject({ SecretString: "new", VersionId: versionId });
    expect(await get({ SecretId: "db", VersionStage: "AWSPREVIOUS" })).toMatchObject({ SecretString: "old" });
  });
});

describe("a rotation", () => {
  it("moves the labels as AWS does", async () => {
    const { secrets, get } = await setup();
    const first = secrets.create("db", "one").versionId;
    await expect(get({ SecretId: "db", VersionStage: "AWSPENDING" })).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
    const second = secrets.putPending("db", "two");
    expect(await get({ SecretId: "db" })).toMatchObject({ VersionId: first });
    expect(await get({ SecretId: "db", VersionStage: "AWSPENDING" })).toMatchObject({ VersionId: second });

    secrets.finishRotation("db");
    expect(await get({ SecretId: "db" })).toMatchObject({
      SecretString: "two",
      VersionStages: ["AWSPENDING", "AWSCURRENT"],
    });
    expect(await get({ SecretId: "db", VersionStage: "AWSPREVIOUS" })).toMatchObject({ VersionId: first });

    secrets.putPending("db", "three");
    secrets.finishRotation("db");
    expect(await get({ SecretId: "db", VersionStage: "AWSPREVIOUS" })).toMatchObject({ VersionId: second });
    // Without a label, and still there for who knows it.
    const unlabelled = await get({ SecretId: "db", VersionId: first });
    expect(unlabelled).toMatchObject({ SecretString: "one" });
    expect(unlabelled.VersionStages ?? []).toEqual([]);
  });

  it("refuses an id and a label that do not belong together", async () => {
    const { secrets, get } = await setup();
    const { versionId } = secrets.create("db", "one");
    secrets.putPending("db", "two");
    const input = { SecretId: "db", VersionId: versionId };
    expect(await get({ ...input, VersionStage: "AWSCURRENT" })).toMatchObject({ VersionId: versionId });
    await expect(get({ ...input, VersionStage: "AWSPENDING" })).rejects.toMatchObject({
      name: "InvalidRequestException",
    });
  });
});

describe("a fault", () => {
  it.each<{ type: SecretsManagerError; status: number }>([
    { type: "ResourceNotFoundException", status: 400 },
    { type: "AccessDeniedException", status: 400 },
    { type: "DecryptionFailure", status: 400 },
    { type: "InvalidRequestException", status: 400 },
    { type: "InternalServiceError", status: 500 },
    { type: "ThrottlingException", status: 400 },
  ])("can be $type", async ({ type, status }) => {
    const { secrets, get } = await setup();
    secrets.create("db", "x");
    secrets.fail(type, { times: 1 });
    await expect(get({ SecretId: "db" })).rejects.toMatchObject({
      name: type,
      message: expect.stringMatching(/^[A-Z].{10}/),
      $metadata: { httpStatusCode: status },
    });
    expect(await get({ SecretId: "db" })).toMatchObject({ SecretString: "x" });
  });

  it("ends after the calls that it was meant for, so that a client that tries again succeeds", async () => {
    const { secrets, get } = await setup({ maxAttempts: 3 });
    secrets.create("db", "x");
    secrets.fail("ThrottlingException", { times: 2 });
    await get({ SecretId: "db" });
    expect(secrets.calls).toHaveLength(3);
  });

  it("concerns only the operation that it names", async () => {
    const { secrets, get } = await setup();
    secrets.create("db", "x");
    secrets.fail("AccessDeniedException", { operation: "PutSecretValue" });
    expect(await get({ SecretId: "db" })).toMatchObject({ SecretString: "x" });
  });

  it("can be no answer, until it is healed", async () => {
    const { secrets, get } = await setup({ requestTimeout: 200 });
    secrets.create("db", "x");
    secrets.hang();
    await expect(get({ SecretId: "db" })).rejects.toMatchObject({ name: "TimeoutError" });
    secrets.heal();
    expect(await get({ SecretId: "db" })).toMatchObject({ SecretString: "x" });
  });

  it("can be a connection that is closed", async () => {
    const { secrets, get } = await setup();
    secrets.create("db", "x");
    secrets.closeConnections();
    await expect(get({ SecretId: "db" })).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(secrets.calls).toHaveLength(1);
  });

  it("can be slowness", async () => {
    const { secrets, get } = await setup();
    secrets.create("db", "x");
    secrets.slowDown(100);
    const startedAt = performance.now();
    await get({ SecretId: "db" });
    // A timer may fire up to 1 ms early.
    expect(performance.now() - startedAt).toBeGreaterThan(99);
  });

  it("does not keep the server from stopping", async () => {
    const { secrets, get } = await setup();
    secrets.hang();
    const waiting = get({ SecretId: "db" }).catch((error) => error.code);
    await expect.poll(() => secrets.calls).toHaveLength(1);
    await Promise.all([secrets.stop(), secrets.stop()]);
    expect(await waiting).toBe("ECONNRESET");
  });
});

it("is found through the environment alone, and records whom it was asked for", async () => {
  const { secrets } = await setup();
  secrets.create("db", "x");
  for (const [name, value] of Object.entries(secrets.environment)) {
    const before = process.env[name];
    process.env[name] = value;
    onTestFinished(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
  const client = new SecretsManagerClient();
  onTestFinished(() => client.destroy());
  await client.send(new GetSecretValueCommand({ SecretId: "db", VersionStage: "AWSCURRENT" }));
  const input = { SecretId: "db", VersionStage: "AWSCURRENT" };
  expect(secrets.calls).toEqual([{ operation: "GetSecretValue", input, region: "eu-west-1" }]);
  expect(secrets.violations).toEqual([]);
});

/** The same calls against both; what AWS leaves open (ids, times, texts) is left out. */
async function conversation(endpoint: string) {
  const client = clientFor(endpoint);
  const said: object[] = [];
  const note = async (call: Promise<object>) => {
    // Not the status: moto says 404 where AWS documents 400.
    said.push(await call.catch(({ name }) => ({ name })));
  };
  const get = async (input: GetSecretValueCommandInput) => {
    const found = await client.send(new GetSecretValueCommand(input));
    return {
      name: found.Name,
      versionId: found.VersionId,
      text: found.SecretString,
      bytes: found.SecretBinary && [...found.SecretBinary],
      stages: found.VersionStages?.toSorted(),
      isFresh: Math.abs(Date.now() - (found.CreatedDate?.getTime() ?? 0)) < 60_000,
    };
  };
  const put = async (SecretString: string, ClientRequestToken: string, VersionStages?: string[]) => {
    const command = new PutSecretValueCommand({ SecretId: "db", SecretString, ClientRequestToken, VersionStages });
    const { Name, VersionId, VersionStages: stages } = await client.send(command);
    return { Name, VersionId, stages };
  };
  const create = async (Name: string, value: { SecretString: string } | { SecretBinary: Uint8Array }) => {
    const made = await client.send(new CreateSecretCommand({ Name, ClientRequestToken: TOKENS[0], ...value }));
    // Without what is random at the ARN's end.
    return { Name: made.Name, VersionId: made.VersionId, arn: made.ARN?.slice(0, -7) };
  };
  await note(get({ SecretId: "db" }));
  await note(create("db", { SecretString: '{"password":"ünder"}' }));
  await note(create("db", { SecretString: "again" }));
  await note(create("bytes", { SecretBinary: Uint8Array.of(1, 0, 255) }));
  await note(get({ SecretId: "bytes" }));
  await note(get({ SecretId: "db" }));
  await note(get({ SecretId: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db" }));
  await note(get({ SecretId: "db", VersionStage: "AWSPENDING" }));
  await note(put("pending", TOKENS[1], ["AWSPENDING"]));
  await note(get({ SecretId: "db" }));
  await note(get({ SecretId: "db", VersionStage: "AWSPENDING" }));
  await note(get({ SecretId: "db", VersionId: TOKENS[1] }));
  await note(get({ SecretId: "db", VersionId: TOKENS[2] }));
  await note(put("next", TOKENS[2]));
  await note(get({ SecretId: "db" }));
  await note(get({ SecretId: "db", VersionStage: "AWSPREVIOUS" }));
  return said;
}

const TOKENS = [
  "11111111-1111-4111-8111-111111111111",
  "22222222-2222-4222-8222-222222222222",
  "33333333-3333-4333-8333-333333333333",
] as const;

describe.runIf(hasMoto)("moto (skipped where there is no moto_server)", () => {
  let moto: Moto;
  beforeAll(async () => {
    moto = await startMoto();
  });
  afterAll(() => moto.stop());

  it("gives the same answers as our own", async () => {
    const { secrets } = await setup();
    const ours = await conversation(secrets.endpointUrl);
    expect(ours).toEqual(await conversation(moto.endpointUrl));
    expect(secrets.violations).toEqual([]);
  });
});

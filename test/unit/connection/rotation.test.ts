// Which versions of a secret are tried, in which order, and what is said when none is let in.
import { describe, expect, test } from "vitest";
import type { DatabaseAddress } from "../../../src/connection/database-address.ts";
import type { Connection } from "../../../src/connection/open.ts";
import { openWithSecret } from "../../../src/connection/rotation.ts";
import type { SecretReader, SecretVersion } from "../../../src/connection/secret-store.ts";
import { MigrationError } from "../../../src/failure/failure.ts";

const SOURCE = { secretId: "db", secretKey: null, overrides: {}, auth: "secret" } as const;
const connection = {} as Connection;

function version(versionId: string, stage: "AWSCURRENT" | "AWSPENDING" = "AWSCURRENT", text?: string): SecretVersion {
  const createdAt = new Date(Date.now() - 3 * 86_400_000);
  return { versionId, stage, createdAt, text: text ?? `postgresql://u:${versionId}@h/d` };
}

function refused(): MigrationError {
  const details = { user: "u", sqlState: "28P01" };
  return new MigrationError({ code: "AUTHENTICATION_FAILED", message: "refused", hint: "", details });
}

/** A server with one password, and a store with versions; both note what they are asked. */
function stage(options: {
  readonly password: string;
  readonly current: readonly (SecretVersion | Error)[];
  readonly pending?: SecretVersion | Error;
}) {
  const asked: string[] = [];
  const current = [...options.current];
  const answer = (given: SecretVersion | Error | null | undefined) =>
    given instanceof Error ? Promise.reject(given) : Promise.resolve(given ?? null);
  const secrets: SecretReader = {
    current: () => {
      asked.push("read current");
      return answer(current.length > 1 ? current.shift() : current[0]) as Promise<SecretVersion>;
    },
    pending: () => {
      asked.push("read pending");
      return answer(options.pending);
    },
  };
  const open = async ({ password }: DatabaseAddress) => {
    asked.push(`try ${password}`);
    if (password !== options.password) throw refused();
    return connection;
  };
  return { asked, secrets, open };
}

async function failureOf(opening: Promise<unknown>) {
  const error = await opening.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof MigrationError)) throw new TypeError("not refused");
  return error.failure;
}

describe("openWithSecret", () => {
  test("reads the secret once where it is right", async () => {
    const { asked, secrets, open } = stage({ password: "v1", current: [version("v1")] });
    expect(await openWithSecret(SOURCE, null, secrets, open)).toMatchObject({
      connection,
      secret: { version: { versionId: "v1" } },
    });
    expect(asked).toEqual(["read current", "try v1"]);
  });

  test("reads nothing where the version at hand is right", async () => {
    const { asked, secrets, open } = stage({ password: "v1", current: [version("v2")] });
    const cached = { version: version("v1"), address: {} as DatabaseAddress };
    await openWithSecret(SOURCE, cached, secrets, open);
    expect(asked).toEqual(["try v1"]);
  });

  test("reads once more when the password was changed, and no pending version", async () => {
    const { asked, secrets, open } = stage({ password: "v2", current: [version("v2")] });
    await openWithSecret(SOURCE, { version: version("v1"), address: {} as DatabaseAddress }, secrets, open);
    expect(asked).toEqual(["try v1", "read current", "try v2"]);
  });

  test("tries the pending version while the rotation is between the database and the label", async () => {
    const { asked, secrets, open } = stage({
      password: "v2",
      current: [version("v1")],
      pending: version("v2", "AWSPENDING"),
    });
    const opened = await openWithSecret(SOURCE, null, secrets, open);
    expect(opened).toMatchObject({ secret: { version: { stage: "AWSPENDING" } } });
    expect(asked).toEqual(["read current", "try v1", "read current", "read pending", "try v2"]);
  });

  test("tries each version once, and says which ones and how old they are", async () => {
    const { asked, secrets, open } = stage({
      password: "v9",
      current: [version("v1"), version("v2")],
      pending: version("v2", "AWSPENDING"),
    });
    const failure = await failureOf(openWithSecret(SOURCE, null, secrets, open));
    expect(asked).toEqual(["read current", "try v1", "read current", "try v2", "read pending"]);
    expect(failure.message).toBe(
      "refused; tried version v1 (AWSCURRENT, 3 days old) and v2 (AWSCURRENT, 3 days old) of the secret",
    );
    expect(failure.details).toMatchObject({ secretVersions: [{ versionId: "v1" }, { versionId: "v2" }] });
  });

  test("tells of the refused password, not of a second look that failed", async () => {
    const { secrets, open } = stage({
      password: "v9",
      current: [version("v1"), new Error("throttled")],
      pending: new Error("throttled"),
    });
    expect(await failureOf(openWithSecret(SOURCE, null, secrets, open))).toMatchObject({
      code: "AUTHENTICATION_FAILED",
    });
  });

  test("passes over a pending version that is not written yet", async () => {
    const { secrets, open } = stage({
      password: "v9",
      current: [version("v1")],
      pending: version("v2", "AWSPENDING", "{}"),
    });
    expect(await failureOf(openWithSecret(SOURCE, null, secrets, open))).toMatchObject({
      code: "AUTHENTICATION_FAILED",
    });
  });

  test("tries no other version when it was not the password that was refused", async () => {
    const { asked, secrets } = stage({ password: "v1", current: [version("v1")] });
    const open = () => Promise.reject(new TypeError("no route"));
    await expect(openWithSecret(SOURCE, null, secrets, open)).rejects.toThrow("no route");
    expect(asked).toEqual(["read current"]);
  });

  test("tries no other version for a token, which is not in the secret", async () => {
    const { asked, secrets, open } = stage({ password: "token", current: [version("v1")] });
    await failureOf(openWithSecret({ ...SOURCE, auth: "iam" }, null, secrets, open));
    expect(asked).toEqual(["read current", "try v1"]);
  });

  test("returns what is wrong with a secret that is not text", async () => {
    const { secrets, open } = stage({ password: "v1", current: [{ ...version("v1"), text: null }] });
    expect(await openWithSecret(SOURCE, null, secrets, open)).toMatchObject({
      problems: [{ message: "names a secret that is binary and not UTF-8" }],
    });
  });
});

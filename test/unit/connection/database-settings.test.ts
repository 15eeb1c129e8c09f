// Where the database is, from the HELLOJOHN_DATABASE_ variables.
import { describe, expect, test } from "vitest";
import { parseDatabaseSettings } from "../../../src/connection/database-settings.ts";

const URL_TEXT = "postgresql://u:p@h:1/d";
const SECRET = { HELLOJOHN_DATABASE_SECRET_ID: "prod/hellojohn" };

function problemsOf(environment: Readonly<Record<string, string>>) {
  const settings = parseDatabaseSettings(environment);
  return "problems" in settings ? settings.problems.map(({ field, message }) => `${field} ${message}`) : [];
}

describe("parseDatabaseSettings", () => {
  test("takes a secret, with what the environment knows better", () => {
    const environment = {
      HELLOJOHN_DATABASE_SECRET_ID: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!db-1a2b-AbCdEf",
      HELLOJOHN_DATABASE_SECRET_KEY: "url",
      HELLOJOHN_DATABASE_HOST: "writer.example.com",
      HELLOJOHN_DATABASE_PORT: "6432",
      HELLOJOHN_DATABASE_NAME: "hellojohn",
      HELLOJOHN_DATABASE_USER: "migrator",
      HELLOJOHN_DATABASE_SSL: "verify-ca",
    };
    expect(parseDatabaseSettings(environment)).toEqual({
      kind: "secret",
      auth: "secret",
      secretId: environment.HELLOJOHN_DATABASE_SECRET_ID,
      secretKey: "url",
      overrides: { host: "writer.example.com", port: 6432, database: "hellojohn", user: "migrator", ssl: "verify-ca" },
    });
  });

  test("takes a variable before the same in the URL", () => {
    const environment = {
      HELLOJOHN_DATABASE_URL: `${URL_TEXT}?sslmode=disable`,
      HELLOJOHN_DATABASE_SSL: "verify-full",
    };
    expect(parseDatabaseSettings({ ...environment, HELLOJOHN_DATABASE_HOST: "other" })).toMatchObject({
      address: { host: "other", port: 1, ssl: "verify-full" },
    });
  });

  test("needs neither URL nor secret for IAM authentication, which always verifies the server", () => {
    const environment = {
      HELLOJOHN_DATABASE_AUTH: "iam",
      HELLOJOHN_DATABASE_HOST: "127.0.0.1",
      HELLOJOHN_DATABASE_NAME: "d",
      HELLOJOHN_DATABASE_USER: "u",
    };
    expect(parseDatabaseSettings(environment)).toMatchObject({
      kind: "address",
      auth: "iam",
      address: { host: "127.0.0.1", port: 5432, user: "u", database: "d", password: null, ssl: "verify-full" },
    });
  });

  test("takes an empty variable for one that is not set, as templates leave them", () => {
    const empty = { HELLOJOHN_DATABASE_HOST: "", HELLOJOHN_DATABASE_PORT: "", HELLOJOHN_DATABASE_AUTH: "" };
    expect(parseDatabaseSettings({ ...SECRET, ...empty })).toEqual(parseDatabaseSettings(SECRET));
  });

  test.each<[string, Readonly<Record<string, string>>, readonly string[]]>([
    ["nothing", {}, ["HELLOJOHN_DATABASE_URL is not set"]],
    [
      "a URL and a secret",
      { ...SECRET, HELLOJOHN_DATABASE_URL: URL_TEXT },
      ["HELLOJOHN_DATABASE_URL and HELLOJOHN_DATABASE_SECRET_ID both name a database"],
    ],
    [
      "IAM authentication without anything else",
      { HELLOJOHN_DATABASE_AUTH: "iam" },
      [
        "HELLOJOHN_DATABASE_HOST is not set, and neither a URL nor a secret says it",
        "HELLOJOHN_DATABASE_USER is not set, and neither a URL nor a secret says it",
        "HELLOJOHN_DATABASE_NAME is not set, and neither a URL nor a secret says it",
      ],
    ],
    [
      "IAM authentication in the clear",
      { HELLOJOHN_DATABASE_AUTH: "iam", HELLOJOHN_DATABASE_URL: `${URL_TEXT}?sslmode=disable` },
      ["HELLOJOHN_DATABASE_SSL is disable, and IAM authentication needs TLS"],
    ],
    [
      "a URL that names neither",
      { HELLOJOHN_DATABASE_URL: "postgresql:///d" },
      ["HELLOJOHN_DATABASE_URL names no host", "HELLOJOHN_DATABASE_URL names no user"],
    ],
    [
      "everything wrong at once",
      {
        HELLOJOHN_DATABASE_SECRET_ID: "a b",
        HELLOJOHN_DATABASE_HOST: "/tmp/socket",
        HELLOJOHN_DATABASE_PORT: "65536",
        HELLOJOHN_DATABASE_USER: "u\0v",
        HELLOJOHN_DATABASE_SSL: "prefer",
        HELLOJOHN_DATABASE_AUTH: "kerberos",
      },
      [
        "HELLOJOHN_DATABASE_HOST is no host name or address",
        "HELLOJOHN_DATABASE_PORT is no port from 1 to 65535",
        "HELLOJOHN_DATABASE_USER is no name that PostgreSQL takes",
        "HELLOJOHN_DATABASE_SSL is none of disable, require, verify-ca, verify-full",
        "HELLOJOHN_DATABASE_AUTH is none of secret, iam",
        "HELLOJOHN_DATABASE_SECRET_ID is neither the name nor the ARN of a secret",
      ],
    ],
  ])("refuses %s", (_what, environment, expected) => {
    expect(problemsOf(environment)).toEqual(expected);
  });

  test("refuses a URL where the name of a secret is expected, and does not quote it", () => {
    const refused = parseDatabaseSettings({ HELLOJOHN_DATABASE_SECRET_ID: "postgresql://u:geheim@h/d" });
    expect(refused).toMatchObject({ problems: [{ message: "is neither the name nor the ARN of a secret" }] });
    expect(JSON.stringify(refused)).not.toContain("geheim");
  });

  test.each(["0", "-1", "1e3", " 1", "5432x", "123456"])("refuses the port %j", (port) => {
    expect(problemsOf({ ...SECRET, HELLOJOHN_DATABASE_PORT: port })).toEqual([
      "HELLOJOHN_DATABASE_PORT is no port from 1 to 65535",
    ]);
  });
});

// Every shape of secret, and what is said of those that have none. No byte of a secret may be in what is said.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AddressParts, DatabaseAddress } from "../../../src/connection/database-address.ts";
import { addressFromSecret } from "../../../src/connection/secret-content.ts";
import type { Refusal } from "../../../src/failure/problem.ts";

const PASSWORD = 'p@ss "w/örd"';

interface Around {
  readonly secretKey?: string;
  readonly overrides?: AddressParts;
  readonly auth?: "secret" | "iam";
}

function read(secret: unknown, { secretKey, overrides, auth }: Around = {}): DatabaseAddress | Refusal {
  const text = typeof secret === "string" ? secret : JSON.stringify(secret);
  const source = { secretId: "s", secretKey: secretKey ?? null, overrides: overrides ?? {}, auth: auth ?? "secret" };
  return addressFromSecret(text, source as Parameters<typeof addressFromSecret>[1]);
}

function problemOf(secret: unknown, around?: Around): string {
  const result = read(secret, around);
  if (!("problems" in result)) throw new TypeError("not refused");
  return result.problems.map(({ field, message, hint }) => `${field} ${message}. ${hint ?? ""}`).join("\n");
}

const COMPLETE = {
  host: "db.example.com",
  port: 6432,
  user: "john",
  password: PASSWORD,
  database: "hellojohn",
  ssl: "verify-full",
  rootCertificate: null,
} satisfies DatabaseAddress;
const URL_TEXT = `postgresql://john:${encodeURIComponent(PASSWORD)}@db.example.com:6432/hellojohn`;
const RDS = {
  engine: "postgres",
  host: "db.example.com",
  port: 6432,
  username: "john",
  password: PASSWORD,
  dbname: "hellojohn",
};

describe("a secret is read that is", () => {
  test.each<[string, unknown, Around]>([
    ["a URL", URL_TEXT, {}],
    ["a URL with a line end behind it, as an editor leaves it", `${URL_TEXT}\n`, {}],
    ["a postgres:// URL", URL_TEXT.replace("postgresql:", "postgres:"), {}],
    ...["url", "uri", "connectionString", "databaseUrl", "DATABASE_URL", "HELLOJOHN_DATABASE_URL"].map(
      (key): [string, unknown, Around] => [`JSON with a URL under ${key}`, { [key]: URL_TEXT, other: 1 }, {}],
    ),
    ["JSON with a URL under a key that is named", { url: "mysql://x", mine: URL_TEXT }, { secretKey: "mine" }],
    ["JSON with the same URL under two keys", { url: URL_TEXT, DATABASE_URL: URL_TEXT }, {}],
    ["what RDS's rotation writes", RDS, {}],
    ["the same with its port as text", { ...RDS, port: "6432" }, {}],
    ["what RDS's rotation writes for Aurora", { ...RDS, engine: "aurora-postgresql", dbClusterIdentifier: "c" }, {}],
    ["JSON with a byte-order mark", `\ufeff${JSON.stringify(RDS)}`, {}],
    [
      "what RDS manages itself, with the rest from the environment",
      { username: "john", password: PASSWORD },
      { overrides: { host: "db.example.com", port: 6432, database: "hellojohn" } },
    ],
    [
      "complete, and the environment knows better",
      { ...RDS, host: "proxy" },
      { overrides: { host: "db.example.com" } },
    ],
    ["a URL without a password, beside one", { url: URL_TEXT.replace(/:[^:@]*@/, "@"), password: PASSWORD }, {}],
    ["a URL whose sslmode is weaker: it is not for a secret to say", `${URL_TEXT}?sslmode=disable`, {}],
    ["a URL with a root certificate: nor is that", `${URL_TEXT}?sslrootcert=/tmp/ca.pem`, {}],
    ["a URL without a database, beside one", { url: URL_TEXT.replace("/hellojohn", ""), dbname: "hellojohn" }, {}],
  ])("%s", (_what, secret, around) => {
    expect(read(secret, around)).toEqual(COMPLETE);
  });

  test("without a port: PostgreSQL's own", () => {
    const { port: _, ...without } = RDS;
    expect(read(without)).toMatchObject({ port: 5432 });
  });

  test("a URL without a database: the user's", () => {
    const url = URL_TEXT.replace("/hellojohn", "");
    for (const secret of [url, `${url}/`, { url }]) expect(read(secret)).toMatchObject({ database: "john" });
  });

  test("whose engine a template has left empty", () => {
    for (const engine of [null, ""]) expect(read({ ...RDS, engine })).toEqual(COMPLETE);
  });

  test("for IAM authentication, without a password", () => {
    const { password: _, ...without } = RDS;
    expect(read(without, { auth: "iam" })).toEqual({ ...COMPLETE, password: null });
    expect(read({ ...without, host: "localhost" }, { auth: "iam" })).toMatchObject({ ssl: "verify-full" });
  });

  test("on this machine: without TLS, like any other address there", () => {
    expect(read({ ...RDS, host: "127.0.0.1" })).toMatchObject({ ssl: "disable" });
    expect(read({ ...RDS, host: "127.0.0.1" }, { overrides: { ssl: "verify-ca" } })).toMatchObject({
      ssl: "verify-ca",
    });
  });
});

describe("a secret is refused, with all that is wrong in one sentence,", () => {
  test.each<[string, unknown, Around, string]>([
    ["that is empty", " ", {}, "names a secret that is empty"],
    ["that is neither", "{nonsense", {}, "names a secret that is neither a URL nor a JSON object"],
    ["that is words", "hello", {}, "names a secret that is not a URL"],
    ["that is a list", "[1]", {}, "names a secret that is not a URL"],
    [
      "that is another database's",
      { ...RDS, engine: "mysql" },
      {},
      "names a secret with an engine other than postgres",
    ],
    [
      "that has wrong types",
      { ...RDS, host: 1, port: "many", username: {}, password: true, dbname: [] },
      {},
      "a host that is none, a port that is none, a username that is none, a password that is none and a dbname that is none",
    ],
    ["whose port is in a list", { ...RDS, port: [5432] }, {}, "names a secret with a port that is none"],
    [
      "with half a surrogate pair",
      { ...RDS, username: "u\ud800", password: "\udc00" },
      {},
      "names a secret with a username that is none and a password that is none",
    ],
    ["whose host is a path", { ...RDS, host: "/tmp" }, {}, "names a secret with a host that is none"],
    ["whose user holds a NUL", { ...RDS, username: "u\0options" }, {}, "names a secret with a username that is none"],
    [
      "that RDS manages itself, alone",
      { username: "john", password: PASSWORD },
      {},
      "names a secret that holds no host and no dbname. Put it into the secret, or set HELLOJOHN_DATABASE_HOST and HELLOJOHN_DATABASE_NAME.",
    ],
    [
      "that has no password",
      { ...RDS, password: "" },
      {},
      "names a secret that holds no password. Put it into the secret.",
    ],
    [
      "that has nothing",
      {},
      {},
      "names a secret that holds no host, username, dbname and no password. Put it into the secret, or set HELLOJOHN_DATABASE_HOST, HELLOJOHN_DATABASE_USER and HELLOJOHN_DATABASE_NAME.",
    ],
    ["with two URLs", { url: URL_TEXT, uri: "postgresql://a:b@c/d" }, {}, "different values under url and uri"],
    ["whose URL is none", { url: "mysql://a:b@c/d" }, {}, "names a secret whose URL is not a postgresql:// URL"],
    ["whose URL is no text", { url: { host: "h" } }, {}, "names a secret whose url is no text"],
    ["without the key", RDS, { secretKey: "mine" }, "HELLOJOHN_DATABASE_SECRET_KEY names a key under which"],
    ["that is no JSON where a key is named", URL_TEXT, { secretKey: "mine" }, "names a secret that is no JSON object"],
    [
      "that IAM would send in the clear",
      RDS,
      { auth: "iam", overrides: { ssl: "disable" } },
      "IAM authentication needs TLS",
    ],
  ])("%s", (_what, secret, around, expected) => {
    expect(problemOf(secret, around)).toContain(expected);
  });

  test("a key from the prototype is no key", () => {
    expect(problemOf({ ...RDS }, { secretKey: "constructor" })).toContain("holds no text");
    expect(problemOf('{"__proto__":{"url":"postgresql://a:b@c/d"}}')).toContain("holds no host");
  });
});

describe("2,000 malformed secrets", () => {
  const secret = "gEhEiM-0815";
  const scrap = fc.oneof(
    fc.constantFrom(secret, `postgresql://u:${secret}@h/d`, `mysql://${secret}`, `:${secret}@`, "", null, 7, true),
    fc.string(),
  );
  const object = fc.dictionary(
    fc.constantFrom("url", "uri", "host", "port", "username", "password", "dbname", "engine", "x"),
    fc.oneof(scrap, fc.array(scrap, { maxLength: 2 }), fc.dictionary(fc.string(), scrap, { maxKeys: 2 })),
  );
  const text = fc.oneof(
    object.map((value) => JSON.stringify(value)),
    object.map((value) => JSON.stringify(value).slice(1)),
    fc.tuple(fc.string(), fc.string()).map(([before, behind]) => `${before}${secret}${behind}`),
    fc.tuple(fc.string(), fc.string()).map(([before, behind]) => `postgresql://${before}:${secret}${behind}`),
  );

  test("are each an address or a refusal, and no refusal tells a byte of them", () => {
    fc.assert(
      fc.property(text, fc.option(fc.constantFrom("url", "x", secret)), (content, secretKey) => {
        const result = read(content, secretKey === null ? {} : { secretKey });
        if ("problems" in result) {
          expect(result.problems.length).toBeGreaterThan(0);
          expect(JSON.stringify(result)).not.toContain(secret);
        } else expect(result.host).not.toBe("");
      }),
      { numRuns: 2_000 },
    );
  });
});

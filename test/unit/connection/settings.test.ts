import { describe, expect, test } from "vitest";
import { parseSettings } from "../../../src/connection/settings.ts";

const HELLOJOHN_DATABASE_URL = "postgresql://u:p@h/d";

/** Field and message of every problem. */
function problemsOf(environment: Readonly<Record<string, string>>) {
  const settings = parseSettings(environment);
  return "problems" in settings ? settings.problems.map(({ field, message }) => [field, message]) : [];
}

describe("parseSettings", () => {
  test("needs nothing but a database", () => {
    expect(parseSettings({ HELLOJOHN_DATABASE_URL })).toEqual({
      database: {
        kind: "address",
        auth: "secret",
        address: {
          host: "h",
          port: 5432,
          user: "u",
          password: "p",
          database: "d",
          ssl: "verify-full",
          rootCertificate: null,
        },
      },
      databaseWaitMs: null,
      aws: {},
      schema: "public",
      journal: "hj_migration",
      lockWaitMs: 60_000,
      hookCommand: "run",
    });
  });

  test("takes what is set, and leaves other variables alone", () => {
    const environment = {
      HELLOJOHN_DATABASE_URL,
      HELLOJOHN_SCHEMA: 'Ann\'s "schema"',
      HELLOJOHN_JOURNAL: "journal",
      HELLOJOHN_LOCK_WAIT: "1m30s",
      DATABASE_URL: "nonsense",
      PATH: "/bin",
    };
    expect(parseSettings(environment)).toMatchObject({
      schema: 'Ann\'s "schema"',
      journal: "journal",
      lockWaitMs: 90_000,
    });
  });

  test("takes an empty variable for one that is not set, as templates leave them", () => {
    const empty = { HELLOJOHN_SCHEMA: "", HELLOJOHN_JOURNAL: "", HELLOJOHN_LOCK_WAIT: "" };
    expect(parseSettings({ HELLOJOHN_DATABASE_URL, ...empty })).toEqual(parseSettings({ HELLOJOHN_DATABASE_URL }));
  });

  test.each([{}, { HELLOJOHN_DATABASE_URL: "" }])("says that no database is set in %j", (environment) => {
    expect(parseSettings(environment)).toEqual({
      problems: [
        {
          code: "INVALID_SETTING",
          field: "HELLOJOHN_DATABASE_URL",
          message: "is not set",
          hint: "Set it to postgresql://USER:PASSWORD@HOST:5432/DATABASE, or HELLOJOHN_DATABASE_SECRET_ID to a secret that holds it.",
        },
      ],
    });
  });

  test.each([
    ["HELLOJOHN_SCHEMA", "a".repeat(64)],
    ["HELLOJOHN_SCHEMA", "ü".repeat(32)],
    ["HELLOJOHN_SCHEMA", "a\0b"],
    ["HELLOJOHN_JOURNAL", "🔑".repeat(16)],
  ])("refuses a name that PostgreSQL would cut or not take: %s=%s", (field, value) => {
    expect(problemsOf({ HELLOJOHN_DATABASE_URL, [field]: value })).toEqual([
      [field, "is no name that PostgreSQL takes (at most 63 bytes)"],
    ]);
  });

  test("takes names of exactly 63 bytes", () => {
    const names = { HELLOJOHN_SCHEMA: "a".repeat(63), HELLOJOHN_JOURNAL: `${"ü".repeat(31)}x` };
    expect(problemsOf({ HELLOJOHN_DATABASE_URL, ...names })).toEqual([]);
  });

  test.each(["60", "soon", "0s", "25h", "-5s"])("refuses to wait %j for a lock", (wait) => {
    expect(problemsOf({ HELLOJOHN_DATABASE_URL, HELLOJOHN_LOCK_WAIT: wait })).toEqual([
      ["HELLOJOHN_LOCK_WAIT", "is not a duration with a unit, such as 90s, 5m or 1h30m"],
    ]);
  });

  test("tells every problem of every variable at once", () => {
    const environment = {
      HELLOJOHN_DATABASE_URL: "postgresql://u@h/d?sslmode=no#x",
      HELLOJOHN_SCHEMA: "s".repeat(64),
      HELLOJOHN_JOURNAL: "j".repeat(64),
      HELLOJOHN_LOCK_WAIT: "long",
    };
    expect(problemsOf(environment).map(([field]) => field)).toEqual([
      "HELLOJOHN_DATABASE_URL",
      "HELLOJOHN_DATABASE_URL",
      "HELLOJOHN_SCHEMA",
      "HELLOJOHN_JOURNAL",
      "HELLOJOHN_LOCK_WAIT",
    ]);
  });
});

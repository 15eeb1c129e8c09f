// Where a command runs, decided from flags and environment.
import { describe, expect, test } from "vitest";
import { type CliTarget, chooseTarget } from "../../../src/cli/target.ts";
import type { Settings } from "../../../src/connection/settings.ts";
import type { Refusal } from "../../../src/failure/problem.ts";

const URL_A = "postgresql://a:secret@localhost/one";
const URL_B = "postgresql://b:secret@localhost/two";

function settingsOf(target: CliTarget): Settings | Refusal {
  return target.kind === "database" ? target.settings : target.settingsFor(URL_B);
}

function fieldsOf(target: CliTarget): readonly (string | undefined)[] {
  const settings = settingsOf(target);
  return "problems" in settings ? settings.problems.map(({ field }) => field) : [];
}

describe("chooseTarget", () => {
  test("takes the database of the variable when no flag names one", () => {
    const target = chooseTarget({}, { HELLOJOHN_DATABASE_URL: URL_A });
    expect(target.kind).toBe("database");
    expect(settingsOf(target)).toMatchObject({
      database: { address: { user: "a" } },
      schema: "public",
      journal: "hj_migration",
    });
  });

  test("takes a flag before the variable", () => {
    const environment = { HELLOJOHN_DATABASE_URL: URL_A, HELLOJOHN_SCHEMA: "theirs", HELLOJOHN_JOURNAL: "their_log" };
    const target = chooseTarget({ databaseUrl: URL_B, schema: "ours", journal: "our_log" }, environment);
    expect(settingsOf(target)).toMatchObject({
      database: { address: { user: "b" } },
      schema: "ours",
      journal: "our_log",
    });
  });

  test("takes each setting from where it is given", () => {
    const target = chooseTarget({ schema: "ours" }, { HELLOJOHN_DATABASE_URL: URL_A, HELLOJOHN_JOURNAL: "their_log" });
    expect(settingsOf(target)).toMatchObject({
      database: { address: { user: "a" } },
      schema: "ours",
      journal: "their_log",
    });
  });

  test("takes the embedded server, not the variable's, and settings that wait for its URL", () => {
    const target = chooseTarget({ embedded: true, schema: "ours" }, { HELLOJOHN_DATABASE_URL: URL_A });
    expect(target.kind).toBe("embedded");
    expect(settingsOf(target)).toMatchObject({ database: { address: { user: "b", database: "two" } }, schema: "ours" });
  });

  test("refuses two targets at once, as a usage error", () => {
    const target = chooseTarget({ databaseUrl: URL_A, embedded: true }, {});
    expect(target).toMatchObject({ kind: "database", settings: { problems: [{ code: "INVALID_ARGUMENT" }] } });
  });

  test("names the flag when a flag is wrong, and the variable when the variable is", () => {
    const long = "x".repeat(64);
    const flags = { databaseUrl: "mysql://x@y/z", schema: long, journal: long };
    expect(fieldsOf(chooseTarget(flags, {}))).toEqual(["--database-url", "--schema", "--journal"]);
    const environment = { HELLOJOHN_DATABASE_URL: "mysql://x@y/z", HELLOJOHN_SCHEMA: long, HELLOJOHN_JOURNAL: long };
    expect(fieldsOf(chooseTarget({}, environment))).toEqual(Object.keys(environment));
    expect(fieldsOf(chooseTarget({ schema: long }, environment))).toEqual([
      "HELLOJOHN_DATABASE_URL",
      "--schema",
      "HELLOJOHN_JOURNAL",
    ]);
  });

  test("names the variable when nothing names a database", () => {
    expect(fieldsOf(chooseTarget({}, {}))).toEqual(["HELLOJOHN_DATABASE_URL"]);
  });

  test("never repeats a URL that is wrong, because it may hold a password", () => {
    const target = chooseTarget({ databaseUrl: "mysql://x:hunter2@y/z" }, {});
    expect(JSON.stringify(settingsOf(target))).not.toContain("hunter2");
  });
});

// Where a command runs, decided from flags and environment.
import { describe, expect, test } from "vitest";
import { type CliTarget, chooseTarget, environmentFor, type TargetFlags } from "../../../src/cli/target.ts";
import type { Environment } from "../../../src/connection/environment.ts";
import type { Settings } from "../../../src/connection/settings.ts";
import type { Refusal } from "../../../src/failure/problem.ts";

const URL_A = "postgresql://a:secret@localhost/one";
const URL_B = "postgresql://b:secret@localhost/two";

function settingsOf(target: CliTarget): Settings | Refusal {
  if (target.kind === "function") throw new TypeError("a function has settings of its own");
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

  test("says every way to name a database when nothing does", () => {
    const settings = settingsOf(chooseTarget({}, {}));
    const hints = "problems" in settings ? settings.problems.map(({ hint }) => hint).join() : "";
    for (const way of ["Set it to", "--database-url", "--secret-id", "--function", "--embedded"])
      expect(hints).toContain(way);
  });

  test("takes a function, and what AWS has to know of it", () => {
    const flags = { function: "hook:live", region: "eu-west-1", profile: "ops", endpointUrl: "http://localhost:1" };
    expect(chooseTarget(flags, { HELLOJOHN_DATABASE_URL: URL_A })).toEqual({
      kind: "function",
      function: {
        name: "hook",
        qualifier: "live",
        region: "eu-west-1",
        profile: "ops",
        endpointUrl: "http://localhost:1",
      },
    });
  });

  test("ignores variables of this process for a function, which has its own", () => {
    expect(chooseTarget({ function: "hook" }, { HELLOJOHN_SCHEMA: "x".repeat(64) })).toMatchObject({
      kind: "function",
    });
  });

  test.each<{ flags: TargetFlags; fields: readonly string[]; messages: readonly string[] }>([
    {
      flags: { function: "hook", embedded: true },
      fields: [],
      messages: ["--function and --embedded both name a database"],
    },
    {
      flags: { function: "hook", secretId: "s" },
      fields: [],
      messages: ["--secret-id and --function both name a database"],
    },
    {
      flags: { function: "hook", databaseUrl: URL_A, secretId: "s" },
      fields: [],
      messages: ["--database-url, --secret-id and --function all name a database"],
    },
    {
      flags: { function: "hook", schema: "a", journal: "b", dir: "c", strict: true },
      fields: ["--schema", "--journal", "--dir", "--strict"],
      messages: Array(4).fill("means nothing with --function"),
    },
    {
      flags: { databaseUrl: URL_A, region: "a", profile: "b", endpointUrl: "http://c" },
      fields: ["--region", "--profile", "--endpoint-url"],
      messages: Array(3).fill("means nothing without --function or --secret-id"),
    },
    { flags: { region: "a" }, fields: ["--region"], messages: ["means nothing without --function or --secret-id"] },
    { flags: { function: "" }, fields: ["--function"], messages: ["is empty"] },
    { flags: { function: "hook", region: "" }, fields: ["--region"], messages: ["is empty"] },
    { flags: { secretId: "" }, fields: ["--secret-id"], messages: ["is empty"] },
    { flags: { function: "a b" }, fields: ["--function"], messages: ["is no name or ARN of a function"] },
    {
      flags: { function: "hook", endpointUrl: "localhost:1" },
      fields: ["--endpoint-url"],
      messages: ["is no http:// or https:// URL"],
    },
  ])("refuses $flags as a usage error, all of it at once", ({ flags, fields, messages }) => {
    const settings = settingsOf(chooseTarget(flags, { HELLOJOHN_DATABASE_URL: URL_A }));
    const problems = "problems" in settings ? settings.problems : [];
    expect(problems.map(({ code }) => code)).toEqual(messages.map(() => "INVALID_ARGUMENT"));
    expect(problems.map(({ message }) => message)).toEqual(messages);
    expect(problems.flatMap(({ field }) => field ?? [])).toEqual(fields);
  });

  test.each<{ flags: TargetFlags; left: Environment }>([
    { flags: { databaseUrl: URL_B }, left: { HELLOJOHN_DATABASE_URL: URL_B } },
    {
      flags: { secretId: "s", region: "r", profile: "p", endpointUrl: "http://e" },
      left: {
        HELLOJOHN_DATABASE_SECRET_ID: "s",
        AWS_REGION: "r",
        AWS_PROFILE: "p",
        AWS_ENDPOINT_URL: "http://e",
      },
    },
    { flags: {}, left: { HELLOJOHN_DATABASE_URL: "url", HELLOJOHN_DATABASE_SECRET_ID: "id" } },
  ])("gives the settings of $flags only the variables of that target", ({ flags, left }) => {
    const variables = { HELLOJOHN_DATABASE_URL: "url", HELLOJOHN_DATABASE_SECRET_ID: "id", OTHER: "1" };
    expect(environmentFor(flags, variables)).toEqual({ OTHER: "1", ...left });
  });

  test("never repeats a URL that is wrong, because it may hold a password", () => {
    const target = chooseTarget({ databaseUrl: "mysql://x:hunter2@y/z" }, {});
    expect(JSON.stringify(settingsOf(target))).not.toContain("hunter2");
  });
});

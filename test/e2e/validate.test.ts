// `hj migrations validate` as it is shipped: the snapshot that the build made, against real databases.
import { describe, expect, test } from "vitest";
import { reportSchema } from "../../src/engine/report-schema.ts";
import { type Finished, hj } from "../support/command-line.ts";
import { postgresVersions, type TestDatabase } from "../support/database.ts";
import { withDirectory } from "../support/generated-directory.ts";
import { freshDatabase, tablesOf } from "../support/workplace.ts";

function migrations(database: TestDatabase, ...args: string[]): Promise<Finished> {
  return hj(["migrations", ...args], { env: { HELLOJOHN_DATABASE_URL: database.url } });
}

/** A database that HelloJohn's migrations were applied to. */
async function migrated(serverUrl: string): Promise<TestDatabase> {
  const database = await freshDatabase(serverUrl);
  expect(await migrations(database, "run")).toMatchObject({ exitCode: 0 });
  return database;
}

const PASSED = "✅ Schema validation passed\nAll 34 tables present\nAll indexes present\nAll constraints valid\n";

describe.each(postgresVersions)("hj migrations validate on PostgreSQL $version", ({ url }) => {
  test("passes on what the migrations made, and exits 0", async () => {
    expect(await migrations(await migrated(url), "validate")).toEqual({ stdout: PASSED, stderr: "", exitCode: 0 });
  });

  test("names what somebody dropped by hand, exits 1, and does not offer a run that would not bring it back", async () => {
    const database = await migrated(url);
    await database.query("drop table hj_passkey_credential; drop index idx_hj_session_user_id_active");
    expect(await migrations(database, "validate")).toEqual({
      stdout: [
        "❌ Schema validation failed",
        "Missing table: hj_passkey_credential",
        "Missing index: idx_hj_session_user_id_active",
        "",
      ].join("\n"),
      stderr: "",
      exitCode: 1,
    });
    const verbose = await migrations(database, "validate", "--verbose");
    expect(verbose.stdout).toContain(
      "Missing table: hj_passkey_credential (from 20240601_001, which is applied: somebody removed it)\n",
    );
    expect(verbose.exitCode).toBe(1);
  });

  test("offers a run where what is missing is pending", async () => {
    const { stdout, exitCode } = await migrations(await freshDatabase(url), "validate");
    expect(stdout).toContain("❌ Schema validation failed\nMissing table: hj_");
    expect(stdout).toMatch(/\n\nRun hj migrations run to apply missing migrations\.\n$/);
    expect(exitCode).toBe(1);
  });

  test("does not fail for what somebody added, and tells it only with --verbose", async () => {
    const database = await migrated(url);
    await database.query("create index by_hand on hj_user (created_at)");
    expect(await migrations(database, "validate")).toMatchObject({ stdout: PASSED, exitCode: 0 });
    expect(await migrations(database, "validate", "--verbose")).toMatchObject({
      stdout: `${PASSED}Unexpected index: by_hand\n`,
      exitCode: 0,
    });
  });

  test("--json prints the report and nothing else", async () => {
    const database = await migrated(url);
    const report = ({ stdout }: Finished) => reportSchema.parse(JSON.parse(stdout));
    const fine = await migrations(database, "validate", "--json");
    expect(fine).toMatchObject({ exitCode: 0, stderr: "" });
    expect(report(fine)).toMatchObject({
      outcome: "valid",
      ok: true,
      checked: { tables: 34 },
      drift: [],
      warnings: [],
    });
    await database.query("alter table hj_session drop column device_fingerprint");
    const drifted = await migrations(database, "validate", "--json");
    expect(drifted).toMatchObject({ exitCode: 1, stderr: "" });
    expect(report(drifted)).toMatchObject({
      outcome: "drifted",
      ok: false,
      drift: [
        {
          kind: "missing",
          level: "error",
          object: { kind: "column", of: "hj_session", name: "device_fingerprint" },
          version: "20240601_002",
          because: "dropped",
        },
      ],
    });
  });
});

const newest = postgresVersions.at(-1);
if (newest === undefined) throw new Error("no PostgreSQL to test on");

describe("hj migrations validate --dir", () => {
  test("tries the migrations of a directory on a PostgreSQL of its own, and changes nothing in the database", async () => {
    const database = await freshDatabase(newest.url);
    const files = { "1_account.sql": "create table account (id int primary key);" };
    await withDirectory(files, async (directory) => {
      const pending = await migrations(database, "validate", "--dir", directory);
      expect(pending).toMatchObject({ exitCode: 1, stderr: "" });
      expect(pending.stdout).toContain("Missing table: account\n\nRun hj migrations run");
      expect(await tablesOf(database)).toEqual([]);
      await migrations(database, "run", "--dir", directory);
      expect(await migrations(database, "validate", "--dir", directory)).toMatchObject({
        stdout: expect.stringContaining("✅ Schema validation passed\nThe one table is present\n"),
        exitCode: 0,
      });
      await database.query("alter table account alter column id type bigint");
      expect(await migrations(database, "validate", "--dir", directory)).toMatchObject({
        stdout:
          "❌ Schema validation failed\nDifferent column: account.id\n  expected: integer not null\n  found:    bigint not null\n",
        exitCode: 1,
      });
    });
  });

  test("says why it cannot where the migrations do not run on an empty database, and no other command minds", async () => {
    const database = await freshDatabase(newest.url);
    await database.query("create table legacy (id int)");
    await withDirectory({ "1_more.sql": "alter table legacy add column more int;" }, async (directory) => {
      const run = await migrations(database, "run", "--dir", directory);
      expect(run).toMatchObject({ exitCode: 0, stderr: "" });
      const { stdout, stderr, exitCode } = await migrations(database, "validate", "--dir", directory);
      expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
      expect(stderr).toContain("could not be tried on an empty PostgreSQL");
      expect(stderr).toContain('relation "legacy" does not exist');
      expect(stderr).toContain("validate needs to know what the migrations make of a schema");
      expect(await migrations(database, "status", "--dir", directory)).toMatchObject({ exitCode: 0, stderr: "" });
    });
  });
});

// The built command line: texts, exit codes, targets, Ctrl-C.
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { reportSchema } from "../../src/engine/report-schema.ts";
import { finished, hj, startHj } from "../support/command-line.ts";
import { createTestDatabase, postgresVersions, type TestDatabase } from "../support/database.ts";

const newest = postgresVersions.at(-1);
if (newest === undefined) throw new Error("no PostgreSQL to test on");

describe("hj on a database", () => {
  let database: TestDatabase;
  let env: Record<string, string>;

  beforeAll(async () => {
    database = await createTestDatabase(newest.url);
    env = { HELLOJOHN_DATABASE_URL: database.url };
  });
  afterAll(() => database?.drop());
  beforeEach(() => database.query("drop schema public cascade; create schema public"));

  test("says what is pending, applies it, and finds nothing to do after that", async () => {
    const before = await hj(["migrations", "status"], { env });
    expect(before.exitCode).toBe(0);
    expect(before.stdout).toContain(
      "Schema version: none\nPending migrations: 7\n\n  PENDING  20240115_001_initial_schema",
    );
    expect(before.stdout).toMatch(/^Database: postgresql:\/\/postgres:\*\*\*@127\.0\.0\.1:\d+\/test_/);

    const run = await hj(["migrations", "run"], { env });
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toMatch(
      /^Running 7 pending migrations\.\.\.\n\n {2}✅ {2}20240115_001_initial_schema \(\d+ms\)\n/,
    );
    expect(run.stdout).toMatch(/\n\nMigrations complete\. Schema version: 20240601_002\n$/);

    const after = await hj(["migrations", "run"], { env });
    expect(after).toEqual({
      exitCode: 0,
      stdout: "✅ Database schema is up to date (version: 20240601_002)\n",
      stderr: "",
    });
  });

  test("a dry run leaves an empty database without a single table", async () => {
    const { stdout, exitCode } = await hj(["migrations", "run", "--dry-run"], { env });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^DRY RUN — No changes will be made\n\nWould apply 7 migrations:\n {2}20240115_001_initial_schema\n/,
    );
    expect(await database.query("select relname from pg_class where relnamespace = 'public'::regnamespace")).toEqual(
      [],
    );
  });

  test("--dry-run --sql prints SQL that does what the run would do, and nothing else, and runs none of it", async () => {
    const tables =
      "select tablename from pg_tables where schemaname = 'public' and tablename <> 'hj_migration' order by 1";
    const { stdout, stderr, exitCode } = await hj(["migrations", "run", "--dry-run", "--sql"], { env });
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toMatch(/^-- 20240115_001_initial_schema, in one transaction\n/);
    expect(stdout.match(/^-- 2\d{7}_\d{3}_\w+, /gm)).toHaveLength(7);
    expect(await database.query(tables)).toEqual([]);
    for (const migration of stdout.split(/\n(?=-- \d{8}_\d{3}_)/)) {
      // An index is built concurrently by a statement that is sent alone, as psql sends all of them.
      const messages = migration.includes(", statement by statement\n") ? migration.split(/(?<=;)\n/) : [migration];
      for (const message of messages) await database.query(message);
    }
    const fromSql = await database.query(tables);
    await database.query("drop schema public cascade; create schema public");
    expect((await hj(["migrations", "run"], { env })).exitCode).toBe(0);
    expect(fromSql.length).toBeGreaterThan(30);
    expect(fromSql).toEqual(await database.query(tables));

    const nothing = await hj(["migrations", "run", "--dry-run", "--sql"], { env });
    expect(nothing).toMatchObject({ exitCode: 0, stdout: "" });
    expect(nothing.stderr).toContain("Database schema is up to date");
  });

  test.each([
    { args: ["--dry-run", "--sql", "--json"], says: "Error: --sql and --json both say what standard output is." },
    { args: ["--dry-run", "--sql", "--function", "migrate"], says: "Error: --sql means nothing with --function" },
    { args: ["--sql"], says: "Add --dry-run" },
  ])("$args is a usage error and runs nothing", async ({ args, says }) => {
    const { stdout, stderr, exitCode } = await hj(["migrations", "run", ...args], { env });
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
    expect(stderr).toContain(says);
    expect(await database.query("select from pg_class where relnamespace = 'public'::regnamespace")).toEqual([]);
  });

  test("--json prints the report and nothing else, also a refused one", async () => {
    const fine = await hj(["migrations", "list", "--json"], { env });
    expect(reportSchema.parse(JSON.parse(fine.stdout))).toMatchObject({ outcome: "listed", counts: { pending: 7 } });
    expect(fine.stderr).toBe("");
    const refused = await hj(["migrations", "run", "--timeout", "soon", "--json"], { env });
    expect(reportSchema.parse(JSON.parse(refused.stdout))).toMatchObject({ outcome: "refused" });
    expect(refused).toMatchObject({ exitCode: 2, stderr: "" });
  });

  test("an event goes to the handler as it is, from a file or from standard input", async () => {
    const directory = await mkdtemp(join(tmpdir(), "hj-event-"));
    try {
      const file = join(directory, "event.json");
      await writeFile(file, '{"command":"status"}');
      const fromFile = await hj(["invoke", "--event", file], { env });
      expect(JSON.parse(fromFile.stdout)).toMatchObject({ outcome: "pending" });
      const fromStdin = await hj(["invoke", "--event", "-"], { env, stdin: '{"command":"status","dryrun":true}' });
      expect(JSON.parse(fromStdin.stdout)).toMatchObject({ outcome: "refused", problems: [{ field: "dryrun" }] });
      expect(fromStdin.exitCode).toBe(2);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test("Ctrl-C cancels, rolls back, unlocks and reports", async () => {
    // An uncommitted table of the same name makes the first migration wait.
    const blocker = new pg.Client({ connectionString: database.url });
    await blocker.connect();
    try {
      await blocker.query("begin; create table hj_user ()");
      const child = startHj(["migrations", "run", "--json"], { env });
      const waiting =
        "select pid from pg_stat_activity where application_name like 'hellojohn-migrate%' and wait_event_type = 'Lock' and datname = current_database()";
      await expect.poll(() => database.query(waiting), { timeout: 20_000 }).toHaveLength(1);
      child.kill("SIGINT");
      const { stdout, stderr, exitCode } = await finished(child);
      expect(stderr).toContain("Stopping: cancelling and rolling back");
      expect(JSON.parse(stdout)).toMatchObject({ outcome: "failed", failure: { code: "CANCELLED" } });
      expect(exitCode).toBe(1);
    } finally {
      await blocker.end();
    }
    // The server is shared with other test files, whose locks are their own.
    const locks =
      "select * from pg_locks join pg_database on pg_database.oid = database where locktype = 'advisory' and datname = current_database()";
    expect(await database.query(locks)).toEqual([]);
    expect(await database.query("select relname from pg_class where relname = 'hj_user'")).toEqual([]);
  });
});

describe("hj without a good target", () => {
  test("says the sentence of HelloJohn's documentation when there is no URL", async () => {
    const { stdout, stderr, exitCode } = await hj(["migrations", "status"]);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
    expect(stderr.split("\n")[0]).toBe("Error: HELLOJOHN_DATABASE_URL is not set");
  });

  test("refuses two targets at once", async () => {
    const args = ["migrations", "status", "--embedded", "--database-url", "postgresql://a@localhost/b"];
    const { stderr, exitCode } = await hj(args);
    expect(stderr).toContain("--database-url and --embedded both name a database");
    expect(exitCode).toBe(2);
  });

  test("a flag beats the variable, and is named when it is wrong", async () => {
    const env = { HELLOJOHN_DATABASE_URL: "postgresql://a@localhost/b" };
    const { stderr, exitCode } = await hj(["migrations", "status", "--database-url", "mysql://x:hunter2@y/z"], { env });
    expect(stderr).toContain("Error: --database-url is not a postgresql:// URL");
    expect(stderr).not.toContain("hunter2");
    expect(exitCode).toBe(2);
  });

  test.each([
    { args: ["migrations", "migrate"], says: "unknown command 'migrate'" },
    { args: ["migrations", "run", "--dryrun"], says: "unknown option '--dryrun'" },
    { args: ["invoke"], says: "required option '--event <file>' not specified" },
    { args: ["migrations", "run", "extra"], says: "too many arguments" },
  ])("$args is a usage error that says so and exits 2", async ({ args, says }) => {
    const { stderr, exitCode } = await hj(args);
    expect(stderr).toContain(says);
    expect(exitCode).toBe(2);
  });

  test("an event that is no JSON, or no file, is one sentence and exit 2", async () => {
    const env = { HELLOJOHN_DATABASE_URL: "postgresql://a@localhost/b" };
    const notJson = await hj(["invoke", "--event", "-"], { env, stdin: "{" });
    expect(notJson).toEqual({ stdout: "", stderr: "Error: standard input is not JSON\n", exitCode: 2 });
    const noFile = await hj(["invoke", "--event", "/nowhere/event.json"], { env });
    expect(noFile).toMatchObject({ stdout: "", exitCode: 2 });
    expect(noFile.stderr).toMatch(/^Error: the event cannot be read: ENOENT.*\n$/);
  });

  test("help is no error", async () => {
    const { stdout, exitCode } = await hj(["migrations", "--help"]);
    expect(stdout).toContain("Usage: hj migrations");
    expect(exitCode).toBe(0);
  });
});

describe("a password in an argument is not told again, where", () => {
  const url = "postgresql://john:ge@heim@host/d";
  test.each([
    [
      "the flag is misspelt",
      ["migrations", "run", `--databse-url=${url}`],
      "--databse-url=postgresql://john:***@host/d",
    ],
    ["it stands where a command should", [url], "unknown command 'postgresql://john:***@host/d'"],
    ["it stands where a file should", ["invoke", "--event", url], "'postgresql://john:***@host/d'"],
    [
      "it is the endpoint's",
      [
        "migrations",
        "run",
        "--function",
        "hook",
        "--region",
        "eu-west-1",
        "--endpoint-url",
        "http://john:geheim@[::1]:9",
      ],
      "http://john:***@[::1]:9 cannot be reached",
    ],
  ])("%s", async (_what, args, told) => {
    const env = { AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY: "none" };
    const { stdout, stderr } = await hj(args, { env });
    expect(stderr).toContain(told);
    expect(stdout + stderr).not.toContain("heim");
  });
});

test("--embedded starts a PostgreSQL that keeps its data and does not outlive the command", async () => {
  const cwd = await mkdtemp(join(tmpdir(), "hj-embedded-"));
  // The server's unprivileged account has to get in; otherwise the data would be elsewhere, and stay there.
  await chmod(cwd, 0o755);
  try {
    expect(await hj(["migrations", "run", "--embedded"], { cwd })).toMatchObject({ exitCode: 0 });
    const second = await hj(["migrations", "status", "--embedded", "--json"], { cwd });
    const report = reportSchema.parse(JSON.parse(second.stdout));
    expect(report).toMatchObject({ outcome: "up_to_date", counts: { applied: 7 } });
    const { port } = new URL(report.database?.url ?? "");
    await expect(new pg.Client({ host: "127.0.0.1", port: Number(port) }).connect()).rejects.toThrow("ECONNREFUSED");
  } finally {
    await rm(cwd, { recursive: true });
  }
});

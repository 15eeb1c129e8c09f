// The built command line and the packaged function on directories of one's own.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { unzipSync } from "fflate";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Report, reportSchema } from "../../src/engine/report-schema.ts";
import { ROOT } from "../support/built-product.ts";
import { type Finished, hj } from "../support/command-line.ts";
import { postgresVersions, type TestDatabase } from "../support/database.ts";
import { withDirectory } from "../support/generated-directory.ts";
import { startLambda } from "../support/lambda-runtime.ts";
import { freshDatabase } from "../support/workplace.ts";

const newest = postgresVersions.at(-1);
if (newest === undefined) throw new Error("no PostgreSQL to test on");
const { url: serverUrl } = newest;

const UP = "create table account (id int);\n";
const DOWN = "drop table account;\n";
const BROKEN = {
  "0001_fine.sql": UP,
  "0002_broken.up.sql": "-- ž\ncreate tabel broken ();\n",
  "0003_lost.down.sql": "select 1;",
};

function migrations(database: TestDatabase, ...args: string[]): Promise<Finished> {
  return hj(["migrations", ...args], { env: { HELLOJOHN_DATABASE_URL: database.url } });
}

function reportOf({ stdout }: Finished): Report {
  return reportSchema.parse(JSON.parse(stdout));
}

/** Every table, with its schema. */
async function tablesOf(database: TestDatabase): Promise<string[]> {
  const rows = await database.query<{ name: string }>(
    "select schemaname || '.' || tablename as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by 1",
  );
  return rows.map(({ name }) => name);
}

describe("hj --dir", () => {
  test("tries the same migrations once: what they make of a schema is kept, where there is a place for it", async () => {
    const database = await freshDatabase(serverUrl);
    await withDirectory({ "0001_once.sql": "create table once (id int);" }, async (directory) => {
      const home = await mkdtemp(join(tmpdir(), "hj-home-"));
      onTestFinished(() => rm(home, { recursive: true, force: true }));
      const inHome = (command: string, env: Readonly<Record<string, string>>) =>
        hj(["migrations", command, "--dir", directory], { env: { HELLOJOHN_DATABASE_URL: database.url, ...env } });
      expect(await inHome("run", { HOME: home })).toMatchObject({ exitCode: 0, stderr: "" });
      expect(await inHome("validate", { HOME: home })).toMatchObject({ exitCode: 0, stderr: "" });
      // Where a server could not be started, it is not needed any more.
      expect(await inHome("validate", { HOME: home, TMPDIR: "/nowhere" })).toMatchObject({ exitCode: 0, stderr: "" });
      expect((await inHome("validate", { HOME: "/dev/null", TMPDIR: "/nowhere" })).stderr).toContain(
        "could not be tried",
      );
      expect(await inHome("validate", { HOME: "/dev/null" })).toMatchObject({ exitCode: 0, stderr: "" });
    });
  });

  test.each([
    { style: ".up.sql and .down.sql", files: { "0001_account.up.sql": UP, "0001_account.down.sql": DOWN }, back: true },
    {
      style: "_up.sql and _down.sql",
      files: { "20240601120000_account_up.sql": UP, "20240601120000_account_down.sql": DOWN },
      back: true,
    },
    { style: "plain .sql", files: { "20240601_001_account.sql": UP }, back: false },
  ])("applies files named $style, and takes back what has a down", async ({ files, back }) => {
    const database = await freshDatabase(serverUrl);
    await withDirectory(files, async (directory) => {
      const run = await migrations(database, "run", "--dir", directory);
      expect(run).toMatchObject({ exitCode: 0, stderr: "" });
      expect(run.stdout).toMatch(/^Running 1 pending migration\.\.\.\n\n {2}✅ {2}\d[\d_]+_account \(\d+ms\)\n/);
      expect(await tablesOf(database)).toEqual(["public.account", "public.hj_migration"]);
      const again = await migrations(database, "run", "--dir", directory);
      expect(again.stdout).toContain("Database schema is up to date");
      const rollback = await migrations(database, "rollback", "--dir", directory);
      expect(rollback.exitCode).toBe(back ? 0 : 1);
      if (!back) expect(rollback.stderr).toContain("was applied without a down script");
      expect(await tablesOf(database)).toHaveLength(back ? 1 : 2);
    });
  });

  test("--schema puts tables and journal into another schema, and leaves public alone", async () => {
    const database = await freshDatabase(serverUrl);
    await database.query("create schema tenant");
    await withDirectory({ "1_account.sql": UP }, async (directory) => {
      const run = await migrations(database, "run", "--dir", directory, "--schema", "tenant");
      expect(run.exitCode).toBe(0);
      expect(await tablesOf(database)).toEqual(["tenant.account", "tenant.hj_migration"]);
      const missing = await migrations(database, "run", "--dir", directory, "--schema", "nowhere");
      expect(missing).toMatchObject({ exitCode: 1, stdout: "" });
      expect(missing.stderr).toContain("nowhere");
    });
  });

  test("--journal lets two directories share a database and a schema, neither seeing the other's versions", async () => {
    const database = await freshDatabase(serverUrl);
    const billing = {
      "0001_invoice.up.sql": "create table invoice ();",
      "0001_invoice.down.sql": "drop table invoice;",
    };
    const shop = { "0001_basket.up.sql": "create table basket ();", "0002_order.up.sql": "create table orders ();" };
    await withDirectory(billing, (billing) =>
      withDirectory(shop, async (shop) => {
        const ofBilling = ["--dir", billing, "--journal", "billing_log"];
        const ofShop = ["--dir", shop, "--journal", "shop_log"];
        for (const flags of [ofBilling, ofShop]) expect((await migrations(database, "run", ...flags)).exitCode).toBe(0);
        const all = ["public.basket", "public.billing_log", "public.invoice", "public.orders", "public.shop_log"];
        expect(await tablesOf(database)).toEqual(all);
        const list = reportOf(await migrations(database, "list", "--json", ...ofBilling));
        expect(list).toMatchObject({ counts: { applied: 1, unknown: 0 }, warnings: [] });
        expect((await migrations(database, "rollback", ...ofBilling)).exitCode).toBe(0);
        expect(await tablesOf(database)).toEqual(all.filter((name) => name !== "public.invoice"));
        const status = reportOf(await migrations(database, "status", "--json", ...ofShop));
        expect(status).toMatchObject({ outcome: "up_to_date", counts: { applied: 2 } });
      }),
    );
  });

  test("leaves seed.sql out with a warning, and refuses it with --strict", async () => {
    const database = await freshDatabase(serverUrl);
    const files = { "1_account.sql": UP, "seed.sql": "insert into account values (1);", "README.md": "# read" };
    await withDirectory(files, async (directory) => {
      const strict = await migrations(database, "run", "--dir", directory, "--strict");
      expect(strict).toMatchObject({ exitCode: 2, stdout: "" });
      expect(strict.stderr).toContain("seed.sql");
      expect(strict.stderr).not.toContain("README.md");
      expect(await tablesOf(database)).toEqual([]);
      const lax = await migrations(database, "run", "--dir", directory);
      expect(lax.exitCode).toBe(0);
      expect(lax.stderr).toMatch(/^Warning: seed\.sql is left out: it is no name of a migration\n$/);
      expect(await database.query("select * from account")).toEqual([]);
    });
  });

  test("warns of seed.sql in the report as well, where nothing else may be printed", async () => {
    const database = await freshDatabase(serverUrl);
    await withDirectory({ "1_account.sql": UP, "seed.sql": "select 1;" }, async (directory) => {
      const answer = await migrations(database, "run", "--dir", directory, "--json");
      expect(answer).toMatchObject({ exitCode: 0, stderr: "" });
      expect(reportOf(answer).warnings).toMatchObject([{ code: "FILE_IGNORED", file: "seed.sql" }]);
    });
  });

  test("tells every fault of a broken directory by file, line and column, applies nothing of it, and exits 2", async () => {
    const database = await freshDatabase(serverUrl);
    await withDirectory(BROKEN, async (directory) => {
      const { stdout, stderr, exitCode } = await migrations(database, "run", "--dir", directory);
      expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
      expect(stderr).toContain('0002_broken.up.sql:2:8  syntax error at or near "tabel"');
      expect(stderr).toMatch(/0003_lost\.down\.sql.*is a down without an up/);
      expect(await tablesOf(database)).toEqual([]);
    });
  });

  test("answers a broken directory with a refused report where --json asks for one", async () => {
    const database = await freshDatabase(serverUrl);
    await withDirectory(BROKEN, async (directory) => {
      const answer = await migrations(database, "run", "--dir", directory, "--json");
      expect(answer).toMatchObject({ exitCode: 2, stderr: "" });
      expect(reportOf(answer)).toMatchObject({
        outcome: "refused",
        command: "run",
        problems: [
          { code: "INVALID_MIGRATION", file: "0002_broken.up.sql", line: 2, column: 8 },
          { code: "INVALID_MIGRATION", file: "0003_lost.down.sql" },
        ],
      });
    });
  });

  test("says of files behind too many that nest too deep that they were not read, instead of what a broken parser says", async () => {
    const deep = `select ${Array(50_000).fill("1").join(" + ")};`;
    const files = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${1001 + index}_deep.sql`, deep]));
    await withDirectory({ ...files, "2000_fine.sql": UP }, async (directory) => {
      const { stdout, stderr, exitCode } = await hj(["migrations", "status", "--dir", directory], { env: {} });
      expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
      expect(stderr).toContain("1001_deep.sql nests deeper than can be read");
      expect(stderr).toContain("write a long one as a list");
      expect(stderr).toContain("2000_fine.sql was not read, because too many others nest too deep");
    });
  });

  test("says which directory cannot be read", async () => {
    const database = await freshDatabase(serverUrl);
    const { stderr, exitCode } = await migrations(database, "run", "--dir", "/nowhere/migrations");
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/\/nowhere\/migrations.*ENOENT|ENOENT.*\/nowhere\/migrations/);
  });

  test("has nothing to do in an empty directory, and says that it is empty", async () => {
    const database = await freshDatabase(serverUrl);
    await withDirectory({}, async (directory) => {
      const { stdout, stderr, exitCode } = await migrations(database, "run", "--dir", directory);
      expect(exitCode).toBe(0);
      expect(stdout).toContain("up to date (version: none)");
      expect(stderr).toBe(`Warning: ${directory} holds no migrations\n`);
      expect(await tablesOf(database)).toEqual([]);
    });
  });

  test("does not take a file for two migrations whose name another tool gave two halves", async () => {
    const database = await freshDatabase(serverUrl);
    for (const [up, down] of [
      ["-- +goose Up", "-- +goose Down"],
      ["-- migrate:up", "-- migrate:down"],
      ["-- +migrate Up", "-- +migrate Down"],
    ]) {
      const sql = `${up}\n${UP}\n${down}\n${DOWN}`;
      await withDirectory({ "1_account.sql": sql }, async (directory) => {
        const answer = await migrations(database, "run", "--dir", directory);
        expect(answer, up).toMatchObject({ exitCode: 2, stdout: "" });
        expect(answer.stderr).toMatch(/1_account\.sql:4:\d+ /);
      });
    }
    expect(await tablesOf(database)).toEqual([]);
  });
});

describe("npm run package -- --dir", () => {
  const execute = promisify(execFile);

  async function packaged(
    directory: string,
    ...flags: string[]
  ): Promise<{ zip: Buffer; stdout: string; stderr: string }> {
    const args = ["run", "--silent", "package", "--", "--dir", directory, ...flags];
    const { stdout, stderr } = await execute("npm", args, { cwd: ROOT });
    const path = stdout.split(": ")[0] ?? "";
    return { zip: await readFile(path), stdout, stderr };
  }

  const FILES = {
    "0001_account.up.sql": UP,
    "0001_account.down.sql": DOWN,
    "0002_žluť_up.sql": '\uFEFFcreate table "žluť" ();\r\n',
    "0003_plain.sql": "create index concurrently account_id on account (id);",
    "seed.sql": "select 1;",
  };

  test("builds a function that runs that directory and knows no other", async () => {
    const database = await freshDatabase(serverUrl);
    await withDirectory(FILES, async (directory) => {
      const { zip, stdout, stderr } = await packaged(directory);
      expect(stdout).toContain("3 migrations");
      expect(stderr).toContain("seed.sql");
      const files = unzipSync(zip);
      expect(Object.keys(files)[0]).toBe("index.cjs");
      const unpacked = join(directory, "function");
      await mkdir(join(unpacked, "parts"), { recursive: true });
      for (const [name, content] of Object.entries(files)) await writeFile(join(unpacked, name), content);
      const lambda = await startLambda({
        bundle: join(unpacked, "index.cjs"),
        env: { HELLOJOHN_DATABASE_URL: database.url },
      });
      onTestFinished(() => lambda.stop());
      const invoke = async (event: object) => reportSchema.parse((await lambda.invoke(event)).payload);

      const run = await invoke({ command: "run" });
      expect(run).toMatchObject({ outcome: "applied", counts: { applied: 3, pending: 0 } });
      expect(run.migrations.map(({ version, name }) => `${version}_${name}`)).toEqual([
        "0001_account",
        "0002_žluť",
        "0003_plain",
      ]);
      expect(await tablesOf(database)).toEqual(["public.account", "public.hj_migration", "public.žluť"]);
      expect(await invoke({ command: "run" })).toMatchObject({ outcome: "up_to_date" });
      expect(await invoke({ command: "validate" })).toMatchObject({ outcome: "valid", checked: { tables: 2 } });
      await database.query("drop index account_id");
      expect(await invoke({ command: "validate" })).toMatchObject({
        outcome: "drifted",
        drift: [{ kind: "missing", object: { kind: "index", name: "account_id" }, because: "dropped" }],
      });
      // The command line and the function compile alike, or one would call the other's work edited.
      const local = await migrations(database, "run", "--json", "--dir", directory);
      expect(reportOf(local)).toMatchObject({
        outcome: "up_to_date",
        warnings: [{ code: "FILE_IGNORED", file: "seed.sql" }],
      });
    });
  });

  test("gives the same bytes for the same files, wherever they are, and others for others", async () => {
    const build = (files: Readonly<Record<string, string>>) =>
      withDirectory(files, async (directory) => (await packaged(directory)).zip);
    const first = await build(FILES);
    expect((await build(FILES)).equals(first)).toBe(true);
    expect((await build({ ...FILES, "0004_more.sql": "select 1;" })).equals(first)).toBe(false);
  });

  test("packages what does not run on an empty database, and says that validate is lost, and why", async () => {
    await withDirectory({ "1_more.sql": "alter table legacy add column more int;" }, async (directory) => {
      const { stdout, stderr } = await packaged(directory);
      expect(stdout).toContain("1 migrations of");
      expect(stderr).toContain("Warning: validate will not be available in this function: ");
      expect(stderr).toContain('relation "legacy" does not exist');
    });
  });

  test("builds nothing of a broken directory, and says by file, line and column why", async () => {
    await withDirectory(BROKEN, async (directory) => {
      await expect(packaged(directory)).rejects.toMatchObject({
        code: 1,
        stdout: "",
        stderr: expect.stringContaining('0002_broken.up.sql:2:8  syntax error at or near "tabel"'),
      });
    });
    await withDirectory(FILES, async (directory) => {
      await expect(packaged(directory, "--strict")).rejects.toMatchObject({
        stderr: expect.stringContaining("seed.sql"),
      });
    });
  });
});

test("packaging says in one line what it does not understand", async () => {
  const { promise, resolve } = Promise.withResolvers<{ code: number | null; stderr: string }>();
  execFile(process.execPath, ["esbuild.config.mjs", "--dri", "x"], { cwd: ROOT }, (error, _stdout, stderr) =>
    resolve({ code: typeof error?.code === "number" ? error.code : null, stderr }),
  );
  expect(await promise).toEqual({ code: 2, stderr: expect.stringMatching(/^Error: Unknown option '--dri'.*\n$/) });
});

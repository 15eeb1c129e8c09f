// Directories that were not made for this tool: hundreds of files, every style, a large one, and a long journal.
import { beforeAll, describe, expect, it } from "vitest";
import { compileDirectory } from "../../src/build/compile-directory.ts";
import type { Manifest } from "../../src/migration/manifest.ts";
import { postgresVersions } from "../support/database.ts";
import { runEvent, statuses } from "../support/engine.ts";
import {
  contentOf,
  GENERATED_MIGRATIONS,
  type GeneratedFile,
  generateFiles,
  isUp,
  LARGE,
  largeScript,
  withDirectory,
} from "../support/generated-directory.ts";
import { manifestOf } from "../support/manifest.ts";
import { freshDatabase, freshProxy } from "../support/workplace.ts";

const RUN = { command: "run" };
const FILES = generateFiles();

/** What these files on disk compile to. */
function manifestFromDisk(files: Readonly<Record<string, string>>): Promise<Manifest> {
  return withDirectory(files, async (directory) => {
    const result = await compileDirectory(directory, { isStrict: false });
    if ("problems" in result) throw new Error(JSON.stringify(result.problems, null, 1));
    return result.manifest;
  });
}

function onDisk(files: readonly GeneratedFile[]): Readonly<Record<string, string>> {
  return Object.fromEntries(files.map((file) => [file.file, contentOf(file)]));
}

/** A statement that fails at its last word, and where that is: behind characters of one, two and four bytes. */
const BROKEN = { sql: "select 'ž; 🐎',\n  '🐎 ž' as \"🐎\", žádný_sloupec;", line: 2, column: 17 };

describe("a directory in the manner of public projects", () => {
  let manifest: Manifest;
  let broken: Manifest;

  beforeAll(async () => {
    manifest = await manifestFromDisk(onDisk(FILES));
    broken = await manifestFromDisk({ "1_large.sql": `${largeScript()}${BROKEN.sql}` });
    // Twice 20 MB take a busy machine a minute.
  }, 240_000);

  it("compiles, all 400 files of it", () => {
    expect(FILES).toHaveLength(400);
    expect(manifest.migrations).toHaveLength(GENERATED_MIGRATIONS);
    expect(manifest.migrations.map(({ version }) => version)).toEqual(FILES.filter(isUp).map(({ version }) => version));
    expect(manifest.migrations.filter(({ down }) => down !== null)).toHaveLength(400 - GENERATED_MIGRATIONS);
    expect(manifest.migrations[LARGE.index]?.up.statements).toHaveLength(LARGE.rows + 1);
    expect(Buffer.byteLength(manifest.migrations[LARGE.index]?.up.sql ?? "")).toBeGreaterThan(
      LARGE.megabytes * 1_000_000,
    );
  });

  describe.each(postgresVersions)("on PostgreSQL $version", ({ url }) => {
    it("is applied, all of it, and a second run does nothing", async () => {
      const database = await freshDatabase(url);
      const first = await runEvent(database.url, manifest, RUN);
      expect(first).toMatchObject({ outcome: "applied", counts: { applied: GENERATED_MIGRATIONS, pending: 0 } });
      const proxy = await freshProxy(database.url);
      const second = await runEvent(proxy.url, manifest, RUN);
      expect(second).toMatchObject({ outcome: "up_to_date", counts: { applied: GENERATED_MIGRATIONS } });
      expect(proxy.counts().queries).toHaveLength(1);

      const [row] = await database.query(`select
        (select count(*)::int from reading) as readings,
        (select greet_1('ž')) as greeting,
        (select total_2()::int) as total,
        (select enum_range(null::mood_5)::text) as moods,
        (select string_agg(漢字, ' ') from "účet 0") as texts,
        (select count(*)::int from "quoted; ""8""") as quoted,
        (select count(changed_at)::int from audit_7) as audited`);
      expect(row).toEqual({
        readings: LARGE.rows,
        greeting: "x;ž",
        total: 0,
        moods: `{sad,ok,ecstatic,šťastný,"ž; 'ž'"}`,
        texts: "数据 it's; fine",
        quoted: 2,
        audited: 3,
      });
    });

    it("is told to the line and column where it fails, in every kind of file", async () => {
      const database = await freshDatabase(url);
      const files = FILES.filter(isUp).slice(0, 12);
      for (const [index, file] of files.entries()) {
        // An index build stands alone in its file, and a transaction is what is looked at here.
        if (file.sql.includes("concurrently")) continue;
        const broken = files.with(index, { ...file, sql: file.sql + BROKEN.sql });
        const report = await runEvent(database.url, await manifestFromDisk(onDisk(broken)), RUN);
        expect(report, file.file).toMatchObject({
          outcome: "failed",
          counts: { applied: index },
          failure: {
            code: "STATEMENT_FAILED",
            details: {
              version: file.version,
              file: file.file,
              line: file.sql.split("\n").length - 1 + BROKEN.line,
              column: BROKEN.column,
              statement: "  '****' as \"🐎\", žádný_sloupec;",
              sqlState: "42703",
            },
          },
        });
      }
      const mended = await manifestFromDisk(onDisk(files));
      expect(await runEvent(database.url, mended, RUN)).toMatchObject({ outcome: "applied" });
    });

    it("is told to the line where a statement fails that the server gives no place in", async () => {
      const database = await freshDatabase(url);
      const sql =
        "\uFEFF-- ž\r\n\r\ncreate table a (id int primary key);\r\n/* two\r\nlines */ insert into a\r\n  values (1);\r\n\r\n-- again\r\ninsert into a values (1);\r\n";
      const report = await runEvent(database.url, await manifestFromDisk({ "1_a.sql": sql }), RUN);
      expect(report).toMatchObject({
        failure: { details: { line: 9, column: null, sqlState: "23505", statement: "insert into a values (1);" } },
      });
    });

    it("is told to the line at the end of 20 MB, without a long wait", async () => {
      const database = await freshDatabase(url);
      const report = await runEvent(database.url, broken, RUN);
      expect(report).toMatchObject({
        outcome: "failed",
        failure: { details: { line: LARGE.rows + 1 + BROKEN.line, column: BROKEN.column } },
      });
    });

    it("can be half applied under one style of names and go on under another", async () => {
      const database = await freshDatabase(url);
      const before = await manifestFromDisk({ "1_a.sql": "create table a ();", "2_b.sql": "create table b ();" });
      expect(await runEvent(database.url, before, RUN)).toMatchObject({ outcome: "applied" });
      const renamed = await manifestFromDisk({
        "0001_a_up.sql": "create table a ();",
        "0001_a_down.sql": "drop table a;",
        "0002_b.up.sql": "create table b ();",
        "0003_c.up.sql": "create table c ();",
      });
      const report = await runEvent(database.url, renamed, RUN);
      expect(report.outcome).toBe("applied");
      expect(statuses(report)).toEqual({ "0003": "applied" });
    });
  });
});

describe.each(postgresVersions)("a journal of 10,000 migrations on PostgreSQL $version", ({ url }) => {
  const manifest = manifestOf({ "000001_first.up.sql": "create table first ()" });

  async function longJournal() {
    const database = await freshDatabase(url);
    await runEvent(database.url, manifest, RUN);
    await database.query(`insert into hj_migration
      (version, name, state, is_current, batch, checksum, phase, statements_done, statement_begun, run_id, invocation_id, started_at, finished_at)
      select lpad(n::text, 6, '0'), 'add_something_to_the_schema_' || n, 'applied', true, 2, 'x', 'expand', 0, 0, 'r', 'i', now(), now()
      from generate_series(2, 10000) n`);
    return database;
  }

  it("is listed in one round trip, the newest of it, in a report that every caller takes", async () => {
    const database = await longJournal();
    const proxy = await freshProxy(database.url);
    const report = await runEvent(proxy.url, manifest, { command: "list" });
    const { connections, queries, roundTrips } = proxy.counts();
    expect({ connections, queries: queries.length, roundTrips }).toEqual({ connections: 1, queries: 1, roundTrips: 1 });
    expect(Buffer.byteLength(JSON.stringify(report))).toBeLessThanOrEqual(200_000);
    expect(report).toMatchObject({ outcome: "listed", counts: { applied: 1, unknown: 9_999 } });
    const { migrations, warnings, omitted = 0 } = report;
    expect(migrations.length).toBeGreaterThan(100);
    expect(migrations.at(-1)?.version).toBe("010000");
    expect(omitted + migrations.length + warnings.length).toBe(10_000 + 9_999);
  });

  it("does not make a refusal longer than every caller takes", async () => {
    const database = await longJournal();
    const report = await runEvent(database.url, manifest, { command: "rollback", steps: 3 });
    expect(report).toMatchObject({ outcome: "refused", problems: [{ code: "NOT_ENOUGH_BATCHES", field: "steps" }] });
    expect(Buffer.byteLength(JSON.stringify(report))).toBeLessThanOrEqual(200_000);
  });
});

describe.each(postgresVersions)("what a database says at length on PostgreSQL $version", ({ url }) => {
  it("does not make a report longer than every caller takes", async () => {
    const database = await freshDatabase(url);
    const manifest = manifestOf({ "1_a.sql": "do $$ begin raise exception '%', repeat('long ', 200000); end $$" });
    const report = await runEvent(database.url, manifest, RUN);
    expect(report).toMatchObject({ outcome: "failed", failure: { code: "STATEMENT_FAILED" } });
    expect(Buffer.byteLength(JSON.stringify(report))).toBeLessThanOrEqual(200_000);
  });
});

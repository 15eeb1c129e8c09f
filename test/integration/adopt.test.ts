// A database that was migrated by something else gets a journal: what is there is recorded, and nothing is applied.
import { beforeAll, describe, expect, it } from "vitest";
import type { Manifest } from "../../src/migration/manifest.ts";
import { postgresVersions, type TestDatabase } from "../support/database.ts";
import { runEvent, statuses } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import { rehearsedManifest } from "../support/rehearsed-manifest.ts";
import { catalogOf, freshDatabase, freshRole, journalOf, openTransaction } from "../support/workplace.ts";

const SQL = {
  "0001_a.up.sql": "create table a (id int primary key, mail text not null); create index a_mail on a (mail);",
  "0001_a.down.sql": "drop table a;",
  "0002_b.up.sql": "create table b (id int references a); alter table a add column at timestamptz;",
  "0002_b.down.sql": "drop table b; alter table a drop column at;",
  "0003_c.up.sql": "insert into a values (1, 'x');",
  "0003_c.down.sql": "delete from a;",
  "0004_d.up.sql": "alter table a alter mail type varchar(100); drop index a_mail;",
  "0004_d.down.sql": "alter table a alter mail type text; create index a_mail on a (mail);",
};
const ADOPT = { command: "adopt" };
const LOOK = { command: "adopt", dryRun: true };

describe.each(postgresVersions)("adopt on PostgreSQL $version", ({ url }) => {
  let manifest: Manifest;
  beforeAll(async () => {
    manifest = await rehearsedManifest(manifestOf(SQL), url);
  });

  /** What these migrations make, without a journal. */
  async function migratedBy(...files: readonly (keyof typeof SQL)[]): Promise<TestDatabase> {
    const database = await freshDatabase(url);
    for (const file of files) await database.query(SQL[file]);
    return database;
  }

  it("says first what is there, and writes nothing", async () => {
    const database = await migratedBy("0001_a.up.sql", "0002_b.up.sql");
    const before = await catalogOf(database);
    const report = await runEvent(database.url, manifest, LOOK);
    expect(report).toMatchObject({ ok: true, outcome: "would_adopt" });
    expect(statuses(report)).toEqual({
      "0001": "would_adopt",
      "0002": "would_adopt",
      "0003": "pending",
      "0004": "pending",
    });
    expect(await catalogOf(database)).toEqual(before);
  });

  it("records what is there, one batch each with its way back, and the next run applies the rest", async () => {
    const database = await migratedBy("0001_a.up.sql", "0002_b.up.sql");
    const report = await runEvent(database.url, manifest, ADOPT);
    expect(report).toMatchObject({ ok: true, outcome: "adopted", schemaVersion: { before: null, after: "0002" } });
    expect(await journalOf(database)).toMatchObject([
      { version: "0001", state: "applied", batch: 1, resolution: "adopted" },
      { version: "0002", state: "applied", batch: 2, down: { statements: [{}, {}] } },
    ]);
    expect(await runEvent(database.url, manifest, { command: "run" })).toMatchObject({
      outcome: "applied",
      counts: { applied: 4 },
      warnings: [],
    });
    await runEvent(database.url, manifest, { command: "rollback", steps: 2, allowDataLoss: ["a"] });
    expect(await runEvent(database.url, manifest, { command: "validate" })).toMatchObject({ outcome: "drifted" });
    expect(await database.query("select to_regclass('b') as b, to_regclass('a_mail')::text as i")).toEqual([
      { b: null, i: "a_mail" },
    ]);
  });

  it("counts a migration without a trace as there where a later one is, and leaves it pending at the end", async () => {
    const all = await migratedBy("0001_a.up.sql", "0002_b.up.sql", "0003_c.up.sql", "0004_d.up.sql");
    expect(await runEvent(all.url, manifest, ADOPT)).toMatchObject({ counts: { applied: 4 }, warnings: [] });
    const some = await migratedBy("0001_a.up.sql", "0002_b.up.sql", "0003_c.up.sql");
    const report = await runEvent(some.url, manifest, ADOPT);
    expect(report).toMatchObject({ counts: { applied: 2, pending: 2 } });
    expect(report.warnings).toMatchObject([{ message: expect.stringMatching(/^0003 leave no trace/) }]);
  });

  it("does not mind what no migration makes, another tool's journal among it", async () => {
    const database = await migratedBy("0001_a.up.sql");
    await database.query(
      "create table schema_migrations (version text); insert into schema_migrations values ('0001')",
    );
    expect(await runEvent(database.url, manifest, ADOPT)).toMatchObject({ outcome: "adopted", warnings: [] });
  });

  it("says where another tool's journal says something else", async () => {
    const database = await migratedBy("0001_a.up.sql");
    await database.query(
      "create table flyway_schema_history (script text, success bool); insert into flyway_schema_history values ('0001_a.up.sql', true), ('0002_b.up.sql', true)",
    );
    const report = await runEvent(database.url, manifest, ADOPT);
    expect(report.warnings).toMatchObject([
      { message: "flyway_schema_history of another tool says 0002, and the schema is that of 0001" },
    ]);
  });

  it("reads golang-migrate's only row, which has the digits of a version", async () => {
    const database = await migratedBy("0001_a.up.sql");
    await database.query("create table schema_migrations as select 2::bigint as version, false as dirty");
    expect((await runEvent(database.url, manifest, ADOPT)).warnings).toMatchObject([
      { message: "schema_migrations of another tool says 0002, and the schema is that of 0001" },
    ]);
  });

  it.each([
    ["golang-migrate", "create table schema_migrations as select 2::bigint as version, true as dirty"],
    ["Flyway", "create table flyway_schema_history as select '0002' as version, false as success"],
  ])("refuses what %s left half done", async (_tool, sql) => {
    const database = await migratedBy("0001_a.up.sql");
    await database.query(sql);
    expect(await runEvent(database.url, manifest, ADOPT)).toMatchObject({
      outcome: "refused",
      problems: [{ code: "MIGRATION_UNFINISHED" }],
    });
  });

  it.each<[string, string, RegExp]>([
    [
      "a constraint is missing",
      "alter table b drop constraint b_id_fkey",
      /nearest is 0003, but for: missing constraint b\.b_id_fkey$/,
    ],
    [
      "a column is another",
      "alter table a alter mail drop not null",
      /nearest is 0003, but for: different column a\.mail$/,
    ],
    [
      "half of the next one is there",
      "alter table a alter mail type varchar(100)",
      /nearest is 0004, but for: unexpected index a_mail$/,
    ],
  ])("refuses a schema of no version with the nearest one and the difference: %s", async (_what, sql, message) => {
    const database = await migratedBy("0001_a.up.sql", "0002_b.up.sql");
    await database.query(sql);
    const report = await runEvent(database.url, manifest, ADOPT);
    expect(report).toMatchObject({
      outcome: "refused",
      problems: [{ code: "NOT_OURS", message: expect.stringMatching(message) }],
    });
    expect(await database.query("select to_regclass('hj_migration') as journal")).toEqual([{ journal: null }]);
  });

  it("refuses a schema that has half of a later migration", async () => {
    const database = await migratedBy("0001_a.up.sql");
    await database.query("create table b (id int)");
    expect(await runEvent(database.url, manifest, ADOPT)).toMatchObject({
      problems: [
        {
          message: expect.stringMatching(
            /nearest is 0003, but for: missing column a\.at; missing constraint b\.b_id_fkey$/,
          ),
        },
      ],
    });
  });

  it("refuses an empty database, one with a journal, and a build that knows no schema", async () => {
    const empty = await freshDatabase(url);
    expect(await runEvent(empty.url, manifest, ADOPT)).toMatchObject({
      problems: [{ message: expect.stringContaining("no migration's objects are in this schema") }],
    });
    const journaled = await freshDatabase(url);
    await runEvent(journaled.url, manifest, { command: "run" });
    expect(await runEvent(journaled.url, manifest, ADOPT)).toMatchObject({
      problems: [{ message: expect.stringContaining("has a journal with entries") }],
    });
    const unknowing = await migratedBy("0001_a.up.sql");
    expect(await runEvent(unknowing.url, manifestOf(SQL), ADOPT)).toMatchObject({
      problems: [{ code: "NOT_AVAILABLE", message: expect.stringContaining("adopt needs to know") }],
    });
  });

  it("is done once when two want it at the same time", async () => {
    const database = await migratedBy("0001_a.up.sql", "0002_b.up.sql");
    const reports = await Promise.all([1, 2].map(() => runEvent(database.url, manifest, ADOPT)));
    expect(reports.map(({ outcome }) => outcome).sort()).toEqual(["adopted", "refused"]);
    expect(await journalOf(database)).toHaveLength(2);
  });

  it.each([
    ["rows that are no objects", "create table schema_migrations as select jsonb 'null' as entry"],
    ["nothing but nulls", "create table schema_migrations as select null::text as version, null::bool as dirty"],
    [
      "a row as large as a file",
      "create table schema_migrations as select repeat('x', 5000000) as version from generate_series(1, 20)",
    ],
  ])("takes a table with the name of a journal and %s for what it is", async (_content, sql) => {
    const database = await migratedBy("0001_a.up.sql");
    await database.query(sql);
    const before = process.memoryUsage().external + process.memoryUsage().heapUsed;
    expect(await runEvent(database.url, manifest, ADOPT)).toMatchObject({ outcome: "adopted", warnings: [] });
    expect(process.memoryUsage().external + process.memoryUsage().heapUsed - before).toBeLessThan(50_000_000);
  });

  it("does not wait for another tool's journal that somebody has to himself", async () => {
    const database = await migratedBy("0001_a.up.sql");
    await database.query("create table schema_migrations (version text)");
    await openTransaction(database.url, "lock table schema_migrations");
    expect(await runEvent(database.url, manifest, LOOK)).toMatchObject({ outcome: "would_adopt" });
  });

  it("runs no code of the database: a view with the name of a journal is none", async () => {
    const database = await migratedBy("0001_a.up.sql");
    await database.query(
      "create sequence called; create view schema_migrations as select nextval('called') as version",
    );
    await runEvent(database.url, manifest, LOOK);
    expect(await database.query("select is_called from called")).toEqual([{ is_called: false }]);
  });

  it("sees a row that says half done behind any number of others", async () => {
    const database = await migratedBy("0001_a.up.sql");
    await database.query(
      "create table schema_migrations as select n as version, n = 20000 as dirty from generate_series(1, 20000) as n",
    );
    expect(await runEvent(database.url, manifest, LOOK)).toMatchObject({
      problems: [{ code: "MIGRATION_UNFINISHED" }],
    });
  });

  it("says that nothing was recorded where the server refused to", async () => {
    const role = await freshRole(url);
    const database = await migratedBy("0001_a.up.sql");
    await runEvent(database.url, manifest, ADOPT);
    await database.query(`grant usage, create on schema public to ${role.name}`);
    await database.query(`truncate hj_migration; grant select on hj_migration to ${role.name}`);
    expect(await runEvent(role.urlOf(database.url), manifest, ADOPT)).toMatchObject({
      outcome: "failed",
      failure: { hint: expect.stringMatching(/^Nothing was recorded/) },
    });
  });
});

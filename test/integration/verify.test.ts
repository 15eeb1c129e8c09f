// What a run brought is looked at after it: a journal that says "applied" of what is not there would be believed.
import { beforeAll, describe, expect, it } from "vitest";
import { encodeContinuation } from "../../src/engine/continuation.ts";
import type { Manifest } from "../../src/migration/manifest.ts";
import type { CountingProxy } from "../support/counting-proxy.ts";
import { postgresVersions } from "../support/database.ts";
import { runEvent, statuses } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import { rehearsedManifest } from "../support/rehearsed-manifest.ts";
import { freshDatabase, freshProxy, journalOf, openTransaction } from "../support/workplace.ts";

const RUN = { command: "run" };
const FILES = manifestOf({
  "0001_a.up.sql": "create table a (id int primary key, mail text); create index a_mail on a (mail);",
  "0002_b.up.sql": "create table if not exists b (id int, name text); alter table a add column at timestamptz;",
});

describe.each(postgresVersions)("after a run on PostgreSQL $version", ({ url }) => {
  let manifest: Manifest;
  let first: Manifest;
  beforeAll(async () => {
    manifest = await rehearsedManifest(FILES, url);
    first = { ...manifest, migrations: manifest.migrations.slice(0, 1) };
  });

  it("the schema is as it should be, which one round trip finds out", async () => {
    const database = await freshDatabase(url);
    const proxy = await freshProxy(database.url);
    await runEvent(proxy.url, FILES, RUN);
    const without = proxy.counts().roundTrips;
    await database.query("drop table a, b, hj_migration");
    proxy.reset();
    expect(await runEvent(proxy.url, manifest, RUN)).toMatchObject({ outcome: "applied", warnings: [] });
    expect(proxy.counts().roundTrips).toBe(without + 1);
  });

  it("nothing is looked at when there was nothing to do", async () => {
    const database = await freshDatabase(url);
    await runEvent(database.url, manifest, RUN);
    await database.query("drop index a_mail");
    const proxy = await freshProxy(database.url);
    expect(await runEvent(proxy.url, manifest, RUN)).toMatchObject({ outcome: "up_to_date", warnings: [] });
    expect(proxy.counts().queries.join()).not.toContain("pg_get_indexdef");
  });

  it("what the run should have brought and did not is a failure, and the journal is told as it is", async () => {
    const database = await freshDatabase(url);
    // So "if not exists" finds another table of that name.
    await database.query("create table b (id int)");
    const report = await runEvent(database.url, manifest, RUN);
    expect(report).toMatchObject({
      ok: false,
      outcome: "failed",
      failure: {
        code: "SCHEMA_MISMATCH",
        message: expect.stringContaining("missing column b.name"),
        details: { differences: 1 },
      },
      schemaVersion: { after: "0002" },
      counts: { applied: 2, pending: 0 },
    });
    expect(statuses(report)).toEqual({ "0001": "applied", "0002": "applied" });
  });

  it("every kind of object is found again, also where the migrations make of nothing but that one", async () => {
    const database = await freshDatabase(url);
    const kinds = await rehearsedManifest(
      manifestOf({
        "0001_enum.up.sql": "create type mood as enum ('fine')",
        "0002_domain.up.sql": "create domain mail as text",
        "0003_type.up.sql": "create type pair as (a int, b int)",
        "0004_sequence.up.sql": "create sequence counter",
        "0005_function.up.sql": "create function one() returns int language sql as 'select 1'",
        "0006_view.up.sql": "create view own as select 1 as one",
        "0007_policy.up.sql": "create table p (id int); create policy own on p",
        "0008_constraint.up.sql": "create table c (id int constraint positive check (id > 0))",
        "0009_index.up.sql": "create table i (id int); create index i_id on i (id)",
        "0010_trigger.up.sql":
          "create table t (); create trigger one before update on t for each row execute function suppress_redundant_updates_trigger()",
        "0011_materialized.up.sql": "create materialized view kept as select 1 as one",
        "0012_extension.up.sql": "create extension pg_trgm",
      }),
      url,
    );
    for (const migration of kinds.migrations) {
      const schema = `only_${migration.name}`;
      await database.query(`create schema ${schema}`);
      const report = await runEvent(database.url, { ...kinds, migrations: [migration] }, RUN, { schema });
      expect(report).toMatchObject({ outcome: "applied", warnings: [] });
    }
  });

  it("what was amiss before is a warning", async () => {
    const database = await freshDatabase(url);
    await runEvent(database.url, first, RUN);
    await database.query("drop index a_mail");
    const report = await runEvent(database.url, manifest, RUN);
    expect(report).toMatchObject({ ok: true, outcome: "applied" });
    expect(report.warnings).toMatchObject([
      { code: "SCHEMA_DRIFTED", message: expect.stringContaining("missing index a_mail") },
    ]);
  });

  it("a migration that another one of the same run takes back is not missed", async () => {
    const database = await freshDatabase(url);
    const files = manifestOf({ "0001_a.up.sql": "create table a (id int);", "0002_a.up.sql": "drop table a;" });
    expect(await runEvent(database.url, await rehearsedManifest(files, url), RUN)).toMatchObject({ warnings: [] });
  });

  it("a table that somebody has to itself costs the answer neither its time nor its truth", async () => {
    const database = await freshDatabase(url);
    await database.query("create table busy (a int default 1)");
    await openTransaction(database.url, "lock table busy");
    const endsAt = performance.now() + 10_000;
    const remainingMs = () => endsAt - performance.now();
    const report = await runEvent(database.url, manifest, RUN, { remainingMs });
    expect(report).toMatchObject({ outcome: "applied", counts: { applied: 2 } });
    expect(report.warnings).toMatchObject([
      { code: "SCHEMA_DRIFTED", message: expect.stringContaining("could not be verified") },
    ]);
    expect(remainingMs()).toBeGreaterThan(1_500);
  });

  it("validate does not wait for ever for a table that somebody has to itself, and says why", async () => {
    const database = await freshDatabase(url);
    await runEvent(database.url, manifest, RUN);
    await database.query("create table busy (a int default 1)");
    await openTransaction(database.url, "lock table busy");
    expect(await runEvent(database.url, manifest, { command: "validate" })).toMatchObject({
      outcome: "failed",
      failure: { details: { sqlState: "55P03" }, hint: expect.stringContaining("has a table of the schema to itself") },
    });
  });

  it("what an earlier invocation of the same run brought is looked at by the one that ends it", async () => {
    const database = await freshDatabase(url);
    const { runId } = await runEvent(database.url, first, RUN);
    await database.query("drop index a_mail");
    const continuation = encodeContinuation({ command: "run", runId, batches: [1] });
    expect(await runEvent(database.url, manifest, { ...RUN, continuation })).toMatchObject({
      failure: { code: "SCHEMA_MISMATCH", message: expect.stringContaining("missing index a_mail") },
      counts: { applied: 2 },
    });
  });

  it("a run that goes on and finds nothing left looks at what it brought before", async () => {
    const database = await freshDatabase(url);
    const { runId } = await runEvent(database.url, manifest, RUN);
    const continuation = encodeContinuation({ command: "run", runId, batches: [1] });
    const goOn = () => runEvent(database.url, manifest, { ...RUN, continuation });
    expect(await goOn()).toMatchObject({ outcome: "up_to_date", warnings: [] });
    await database.query("drop index a_mail");
    expect(await goOn()).toMatchObject({ outcome: "failed", failure: { code: "SCHEMA_MISMATCH" } });
  });

  it("what was brought before the connection broke is looked at like the rest", async () => {
    const database = await freshDatabase(url);
    await database.query("create table b (id int)");
    const proxy: CountingProxy = await freshProxy(database.url, {
      onQuery: (text) => text.includes("add column at") && proxy.freeze("replies"),
    });
    const running = runEvent(proxy.url, manifest, RUN);
    await expect.poll(async () => (await journalOf(database).catch(() => [])).length).toBe(2);
    proxy.sever();
    expect(await running).toMatchObject({ failure: { code: "SCHEMA_MISMATCH" }, counts: { applied: 2 } });
  });
});

// From nothing to HelloJohn's schema, and what every command says on the way.
import { beforeAll, describe, expect, it } from "vitest";
import { lockKey } from "../../src/engine/lock.ts";
import type { Manifest } from "../../src/migration/manifest.ts";
import { helloJohnManifest, olderBuild, runEvent, statuses } from "../support/engine.ts";
import { everyPostgresVersion } from "../support/every-version.ts";
import { manifestOf } from "../support/manifest.ts";
import {
  advisoryLocksOf,
  catalogOf,
  freshDatabase,
  freshProxy,
  journalOf,
  openSession,
  tablesOf,
  writesIn,
} from "../support/workplace.ts";

const NEWEST = "20240601_002";

describe.each(everyPostgresVersion)("HelloJohn's seven migrations on PostgreSQL $version", ({ url, version }) => {
  let manifest: Manifest;
  beforeAll(async () => {
    manifest = await helloJohnManifest();
  });

  it("make 34 tables besides the journal, in batch 1", async () => {
    const database = await freshDatabase(url);
    const [before] = await database.query("select clock_timestamp() as now");
    const report = await runEvent(database.url, manifest, { command: "run" });
    const [after] = await database.query("select clock_timestamp() as now");

    expect(report).toMatchObject({
      ok: true,
      outcome: "applied",
      command: "run",
      dryRun: false,
      schemaVersion: { before: null, after: NEWEST },
      counts: { applied: 7, pending: 0, started: 0, unknown: 0 },
      warnings: [],
      database: { schema: "public", serverVersion: expect.stringMatching(`^${version}\\.`) },
    });
    expect(report.database?.url).toBe(`postgresql://postgres:***@${new URL(url).host}/${database.name}`);
    expect(await tablesOf(database)).toHaveLength(34);

    const entries = await journalOf(database);
    expect(entries.map((entry) => entry.version)).toEqual(manifest.migrations.map((migration) => migration.version));
    for (const [index, entry] of entries.entries()) {
      const migration = manifest.migrations[index];
      expect(entry).toMatchObject({ state: "applied", is_current: true, batch: 1, checksum: migration?.checksum });
      expect(entry).toMatchObject({ run_id: report.runId, name: migration?.name });
      expect(entry.started_at.getTime()).toBeGreaterThanOrEqual(before.now.getTime());
      expect(entry.finished_at?.getTime()).toBeGreaterThanOrEqual(entry.started_at.getTime());
      expect(entry.finished_at?.getTime()).toBeLessThanOrEqual(after.now.getTime());
      expect(report.migrations[index]).toMatchObject({
        version: entry.version,
        status: "applied",
        batch: 1,
        attempts: 1,
        appliedAt: entry.finished_at?.toISOString(),
        reversible: migration?.down !== null,
      });
    }
  });

  it("keep in the journal how each is taken back", async () => {
    const database = await freshDatabase(url);
    await runEvent(database.url, manifest, { command: "run" });
    const entries = await journalOf(database);
    expect(entries.map(({ down }) => down !== null)).toEqual([false, true, true, true, true, true, true]);
    expect(entries.at(-1)?.down?.statements.map(({ sql }) => sql.trim().split(" ").slice(0, 2).join(" "))).toEqual([
      "drop index",
      "alter table",
    ]);
  });

  it("are not run a second time", async () => {
    const database = await freshDatabase(url);
    await runEvent(database.url, manifest, { command: "run" });
    const before = { journal: await journalOf(database), catalog: await catalogOf(database) };
    const report = await runEvent(database.url, manifest, { command: "run" });
    expect(report).toMatchObject({
      ok: true,
      outcome: "up_to_date",
      schemaVersion: { before: NEWEST, after: NEWEST },
      counts: { applied: 7, pending: 0 },
      migrations: [],
    });
    expect({ journal: await journalOf(database), catalog: await catalogOf(database) }).toEqual(before);
  });

  it("are told as pending before and as applied after, by status and list", async () => {
    const database = await freshDatabase(url);
    const versions = manifest.migrations.map((migration) => migration.version);
    const all = (status: string) => Object.fromEntries(versions.map((each) => [each, status]));

    const statusBefore = await runEvent(database.url, manifest, { command: "status" });
    expect(statusBefore).toMatchObject({
      ok: true,
      outcome: "pending",
      schemaVersion: { before: null, after: null },
      counts: { applied: 0, pending: 7, started: 0, unknown: 0 },
    });
    expect(statuses(statusBefore)).toEqual(all("pending"));
    const listBefore = await runEvent(database.url, manifest, { command: "list" });
    expect(listBefore.outcome).toBe("listed");
    expect(statuses(listBefore)).toEqual(all("pending"));
    expect(
      listBefore.migrations.filter(({ batch, appliedAt }) => batch !== undefined || appliedAt !== undefined),
    ).toEqual([]);
    expect(await catalogOf(database)).toEqual(["schema public"]);

    const run = await runEvent(database.url, manifest, { command: "run" });
    const statusAfter = await runEvent(database.url, manifest, { command: "status" });
    expect(statusAfter).toMatchObject({ outcome: "up_to_date", schemaVersion: { after: NEWEST }, migrations: [] });
    const listAfter = await runEvent(database.url, manifest, { command: "list" });
    expect(statuses(listAfter)).toEqual(all("applied"));
    const when = (report: typeof run) =>
      report.migrations.map(({ appliedAt, durationMs }) => ({ appliedAt, durationMs }));
    expect(when(listAfter)).toEqual(when(run));
  });

  it("get batch 2 when they come with a later build", async () => {
    const database = await freshDatabase(url);
    await runEvent(database.url, olderBuild(manifest, 5), { command: "run" });
    const status = await runEvent(database.url, manifest, { command: "status" });
    expect(status).toMatchObject({
      outcome: "pending",
      schemaVersion: { after: "20240501_001" },
      counts: { applied: 5 },
    });
    expect(statuses(status)).toEqual({ "20240601_001": "pending", "20240601_002": "pending" });

    const report = await runEvent(database.url, manifest, { command: "run" });
    expect(report).toMatchObject({ outcome: "applied", schemaVersion: { before: "20240501_001", after: NEWEST } });
    expect(statuses(report)).toEqual({ "20240601_001": "applied", "20240601_002": "applied" });
    expect((await journalOf(database)).map(({ batch }) => batch)).toEqual([1, 1, 1, 1, 1, 2, 2]);
    expect(report.migrations.map(({ batch }) => batch)).toEqual([2, 2]);
  });
});

describe.each(everyPostgresVersion)("a dry run on PostgreSQL $version", ({ url }) => {
  const manifest = manifestOf({
    "0001_a.up.sql": "create table a ()",
    "0002_b.up.sql": "create table b ()",
    "0003_c.up.sql": "create index concurrently a_index on a ((1))",
  });

  it("on an empty database says what would be applied and leaves not a single table", async () => {
    const database = await freshDatabase(url);
    const proxy = await freshProxy(database.url);
    const report = await runEvent(proxy.url, manifest, { command: "run", dryRun: true });
    expect(report).toMatchObject({
      ok: true,
      outcome: "would_apply",
      dryRun: true,
      schemaVersion: { before: null, after: null },
      counts: { applied: 0, pending: 3 },
    });
    expect(statuses(report)).toEqual({ "0001": "would_apply", "0002": "would_apply", "0003": "would_apply" });
    expect(await catalogOf(database)).toEqual(["schema public"]);
    expect(writesIn(proxy.counts().queries)).toEqual([]);
  });

  it("is answered while another run holds the lock, and writes nothing to the journal", async () => {
    const database = await freshDatabase(url);
    await runEvent(database.url, olderBuild(manifest, 1), { command: "run" });
    const journal = await journalOf(database);
    const holder = await openSession(database.url);
    await holder.query(`select pg_advisory_lock(${lockKey("public", "hj_migration")})`);
    const report = await runEvent(database.url, manifest, { command: "run", dryRun: true }, { lockWait: "1ms" });
    expect(report.outcome).toBe("would_apply");
    expect(statuses(report)).toEqual({ "0002": "would_apply", "0003": "would_apply" });
    expect(await advisoryLocksOf(database)).toHaveLength(1);
    expect(await journalOf(database)).toEqual(journal);
    expect(await tablesOf(database)).toEqual(["a"]);
  });

  it("with nothing pending says so", async () => {
    const database = await freshDatabase(url);
    await runEvent(database.url, manifest, { command: "run" });
    const report = await runEvent(database.url, manifest, { command: "run", dryRun: true });
    expect(report).toMatchObject({ ok: true, outcome: "up_to_date", dryRun: true, schemaVersion: { after: "0003" } });
  });
});

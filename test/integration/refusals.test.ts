// What a run refuses before it changes anything, and what the commands that only read make of the same.
import { describe, expect, it } from "vitest";
import type { Manifest } from "../../src/migration/manifest.ts";
import { postgresVersions, type TestDatabase } from "../support/database.ts";
import { runEvent, statuses } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import {
  catalogOf,
  engineSessionsOf,
  freshDatabase,
  freshProxy,
  journalOf,
  openTransaction,
  tablesOf,
  writesIn,
} from "../support/workplace.ts";

const A = { "0001_a.up.sql": "create table a ();\n" };
const B = { "0002_b.up.sql": "create table b ();\n" };
const C = { "0003_c.up.sql": "create table c ();\n" };
const D = { "0004_d.up.sql": "create table d ();\n" };
const EDITED_A = { "0001_a.up.sql": "create table a (id int);\n" };

/** What a build says of a database in which these files are applied. */
async function applied(url: string, files: Readonly<Record<string, string>>): Promise<TestDatabase> {
  const database = await freshDatabase(url);
  await runEvent(database.url, manifestOf(files), { command: "run" });
  return database;
}

/** A run, also a dry one, is refused with exactly these problems and writes nothing; status and list warn of them. */
async function expectRefused(database: TestDatabase, manifest: Manifest, problems: object[]): Promise<void> {
  const before = { journal: await journalOf(database), catalog: await catalogOf(database) };
  for (const dryRun of [false, true]) {
    const proxy = await freshProxy(database.url);
    const report = await runEvent(proxy.url, manifest, { command: "run", dryRun });
    expect(report).toMatchObject({ ok: false, outcome: "refused", dryRun, problems });
    expect(report.outcome === "refused" && report.problems).toHaveLength(problems.length);
    expect(writesIn(proxy.counts().queries)).toEqual([]);
  }
  for (const command of ["status", "list"]) {
    const report = await runEvent(database.url, manifest, { command });
    expect(report).toMatchObject({ ok: true, warnings: problems });
  }
  expect({ journal: await journalOf(database), catalog: await catalogOf(database) }).toEqual(before);
}

describe.each(postgresVersions)("a run on PostgreSQL $version", ({ url }) => {
  it("refuses when an applied migration was edited", async () => {
    const database = await applied(url, { ...A, ...B });
    await expectRefused(database, manifestOf({ ...EDITED_A, ...B, ...C }), [
      { code: "CHECKSUM_CHANGED", version: "0001", file: "0001_a.up.sql", hint: expect.any(String) },
    ]);
  });

  it("refuses when an applied migration was edited, also with nothing else to do", async () => {
    const database = await applied(url, { ...A, ...B });
    await expectRefused(database, manifestOf({ ...EDITED_A, ...B }), [{ code: "CHECKSUM_CHANGED", version: "0001" }]);
  });

  it("refuses when an applied migration is missing in the middle", async () => {
    const database = await applied(url, { ...A, ...B, ...C });
    await expectRefused(database, manifestOf({ ...A, ...C, ...D }), [
      { code: "MIGRATION_MISSING", version: "0002", hint: expect.any(String) },
    ]);
  });

  it("refuses when a pending migration is older than the newest applied one", async () => {
    const database = await applied(url, { ...A, ...C });
    await expectRefused(database, manifestOf({ ...A, ...B, ...C, ...D }), [
      { code: "OUT_OF_ORDER", version: "0002", hint: expect.stringContaining("0003") },
    ]);
  });

  it("names everything that is wrong at once", async () => {
    const database = await applied(url, { ...A, ...B, ...D });
    await expectRefused(database, manifestOf({ ...EDITED_A, ...C, ...D }), [
      { code: "CHECKSUM_CHANGED", version: "0001" },
      { code: "MIGRATION_MISSING", version: "0002" },
      { code: "OUT_OF_ORDER", version: "0003" },
    ]);
  });

  it("does not refuse a database that is ahead of the build", async () => {
    const database = await applied(url, { ...A, ...B, ...C });
    const older = manifestOf({ ...A, ...B });
    const warnings = [{ code: "DATABASE_AHEAD", version: "0003" }];
    const before = { journal: await journalOf(database), catalog: await catalogOf(database) };
    const run = await runEvent(database.url, older, { command: "run" });
    expect(run).toMatchObject({ ok: true, outcome: "up_to_date", counts: { applied: 2, unknown: 1 }, warnings });
    expect(run.schemaVersion).toEqual({ before: "0003", after: "0003" });
    const status = await runEvent(database.url, older, { command: "status" });
    expect(status).toMatchObject({ ok: true, outcome: "up_to_date", warnings });
    expect(statuses(status)).toEqual({ "0003": "unknown" });
    const list = await runEvent(database.url, older, { command: "list" });
    expect(statuses(list)).toEqual({ "0001": "applied", "0002": "applied", "0003": "unknown" });
    expect({ journal: await journalOf(database), catalog: await catalogOf(database) }).toEqual(before);
  });

  it("takes a file for the same whose line ends, byte-order mark, blank lines and directives changed", async () => {
    const database = await applied(url, {
      ...A,
      "0002_b.up.sql": "-- hj:timeout 1m\n\ncreate table b ();\nselect 1;\n",
    });
    const changed = "-- hj:timeout 2m\r\n-- hj:irreversible because\r\n\r\ncreate table b ();\r\nselect 1;\r\n\r\n\r\n";
    const report = await runEvent(database.url, manifestOf({ ...A, "0002_b.up.sql": changed, ...C }), {
      command: "run",
    });
    expect(report.outcome).toBe("applied");
    expect(statuses(report)).toEqual({ "0003": "applied" });
  });

  it("takes a migration for another one when its version differs, and for the same whatever it is called", async () => {
    const database = await applied(url, A);
    const report = await runEvent(database.url, manifestOf({ "0001_renamed.up.sql": A["0001_a.up.sql"], ...B }), {
      command: "run",
    });
    expect(report.outcome).toBe("applied");
    expect(statuses(report)).toEqual({ "0002": "applied" });
  });

  it("refuses an event that is wrong, in every respect at once, without connecting", async () => {
    const database = await freshDatabase(url);
    const proxy = await freshProxy(database.url);
    const event = { command: "run", dryrun: true, timeout: "soon" };
    const report = await runEvent(proxy.url, manifestOf(A), event);
    expect(report).toMatchObject({ ok: false, outcome: "refused", database: null });
    expect(report.outcome === "refused" && report.problems.map(({ code, field }) => [code, field]).sort()).toEqual([
      ["INVALID_EVENT", "dryrun"],
      ["INVALID_EVENT", "timeout"],
    ]);
    expect(proxy.counts().connections).toBe(0);
  });

  it("refuses what another run made wrong while this one waited for the lock", async () => {
    const database = await freshDatabase(url);
    await database.query("create table busy ()");
    const bystander = await openTransaction(database.url, "lock table busy in access exclusive mode");
    const original = manifestOf({ "0001_a.up.sql": "alter table busy add column first int" });
    const edited = manifestOf({ "0001_a.up.sql": "alter table busy add column second int", ...B });
    const first = runEvent(database.url, original, { command: "run" });
    await expect.poll(() => engineSessionsOf(database)).toMatchObject([{ waits: "Lock" }]);
    let isWaiting = false;
    const onProgress = () => {
      isWaiting = true;
    };
    const second = runEvent(database.url, edited, { command: "run" }, { onProgress });
    await expect.poll(() => isWaiting).toBe(true);
    await bystander.query("commit");
    expect((await first).outcome).toBe("applied");
    expect(await second).toMatchObject({
      outcome: "refused",
      problems: [{ code: "CHECKSUM_CHANGED", version: "0001" }],
    });
    expect(await journalOf(database)).toHaveLength(1);
    expect(await tablesOf(database)).toEqual(["busy"]);
  });
});

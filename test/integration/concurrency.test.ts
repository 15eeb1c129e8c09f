// Several runs at once: each migration is applied once, each report is true, and nobody is left holding the lock.
import { describe, expect, it } from "vitest";
import { lockKey } from "../../src/engine/lock.ts";
import type { Report } from "../../src/engine/report-schema.ts";
import type { Progress } from "../../src/engine/run-context.ts";
import { postgresVersions } from "../support/database.ts";
import { runEvent, statuses } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import {
  advisoryLocksOf,
  engineSessionsOf,
  freshDatabase,
  freshProxy,
  freshRole,
  journalOf,
  openSession,
  openTransaction,
  tablesOf,
} from "../support/workplace.ts";

const manifest = manifestOf({
  "0001_visits.up.sql": "create table visit (migration text not null)",
  "0002_first.up.sql": "insert into visit values ('0002')",
  "0003_index.up.sql": "create index concurrently visit_migration on visit (migration)",
  "0004_second.up.sql": "insert into visit values ('0004')",
  "0005_third.up.sql":
    "-- hj:transaction off\ninsert into visit values ('0005 first');\ninsert into visit values ('0005 second');",
});
const VERSIONS = ["0001", "0002", "0003", "0004", "0005"];
const VISITS = ["0002", "0004", "0005 first", "0005 second"];

function appliedIn(report: Report): string[] {
  return report.migrations.filter(({ status }) => status === "applied").map(({ version }) => version);
}

describe.each(postgresVersions)("runs at the same time on PostgreSQL $version", ({ url }) => {
  it.each([2, 10])("apply each migration once when there are %i of them", async (runs) => {
    const database = await freshDatabase(url);
    const reports = await Promise.all(
      Array.from({ length: runs }, () => runEvent(database.url, manifest, { command: "run" })),
    );

    expect(reports.flatMap(appliedIn).sort()).toEqual(VERSIONS);
    for (const report of reports) {
      expect(report).toMatchObject({ ok: true, schemaVersion: { after: "0005" }, counts: { applied: 5, pending: 0 } });
      expect(report.outcome).toBe(appliedIn(report).length > 0 ? "applied" : "up_to_date");
    }
    const runOf = new Map(reports.flatMap((report) => appliedIn(report).map((version) => [version, report.runId])));
    const entries = await journalOf(database);
    expect(entries.map(({ version, run_id }) => [version, run_id])).toEqual([...runOf]);
    const visits = await database.query("select migration from visit order by 1");
    expect(visits.map(({ migration }) => migration)).toEqual(VISITS);
    expect(
      await database.query("select indisvalid from pg_index where indexrelid = 'visit_migration'::regclass"),
    ).toEqual([{ indisvalid: true }]);
    expect(await advisoryLocksOf(database)).toEqual([]);
  });

  it("tell the one that waits no password, although the other one's session bears it as its name", async () => {
    const role = await freshRole(url);
    const database = await freshDatabase(url);
    const password = new URL(role.urlOf(url)).password;
    const holder = await openSession(database.url);
    await holder.query(`set application_name = 'as ${password}'`);
    await holder.query(`select pg_advisory_lock(${lockKey("public", "hj_migration")})`);
    await database.query(`alter schema public owner to ${role.name}`);
    const told: Progress[] = [];
    const onProgress = (progress: Progress) => told.push(progress);
    await runEvent(role.urlOf(database.url), manifest, { command: "run" }, { lockWait: "1s", onProgress });
    expect(told[0]).toMatchObject({ kind: "lock_busy" });
    expect(JSON.stringify(told)).not.toContain(password);
  });

  it("tell the one that waits whom it waits for, and then that nothing is left to do", async () => {
    const database = await freshDatabase(url);
    await database.query("create table busy ()");
    const bystander = await openTransaction(database.url, "lock table busy in access exclusive mode");
    const slow = manifestOf({ "0001_slow.up.sql": "alter table busy add column note text" });
    const first = runEvent(database.url, slow, { command: "run" });
    await expect.poll(() => advisoryLocksOf(database)).toHaveLength(1);
    const [lock] = await advisoryLocksOf(database);

    const heard: Progress[] = [];
    const second = runEvent(database.url, slow, { command: "run" }, { onProgress: (progress) => heard.push(progress) });
    await expect.poll(() => heard.length).toBeGreaterThan(0);
    await bystander.query("commit");
    const [one, other] = await Promise.all([first, second]);
    expect(heard[0]).toMatchObject({
      kind: "lock_busy",
      holder: { pid: lock?.pid, application: expect.stringContaining(`hellojohn-migrate ${one.runId.slice(0, 8)}`) },
    });
    expect([one.outcome, other.outcome]).toEqual(["applied", "up_to_date"]);
    expect(other.migrations).toEqual([]);
  });

  it("end the one that waited long enough, naming the holder, and leave the other alone", async () => {
    const database = await freshDatabase(url);
    await database.query("create table busy ()");
    const bystander = await openTransaction(database.url, "lock table busy in access exclusive mode");
    const slow = manifestOf({ "0001_slow.up.sql": "alter table busy add column note text" });
    const first = runEvent(database.url, slow, { command: "run" });
    await expect.poll(() => advisoryLocksOf(database)).toHaveLength(1);
    const [lock] = await advisoryLocksOf(database);

    const second = await runEvent(database.url, slow, { command: "run" }, { lockWait: "50ms" });
    expect(second).toMatchObject({
      outcome: "failed",
      failure: { code: "LOCK_NOT_ACQUIRED", details: { holder: { pid: lock?.pid } } },
      counts: { applied: 0, pending: 1 },
    });
    expect(await advisoryLocksOf(database)).toEqual([lock]);
    await bystander.query("commit");
    expect(await first).toMatchObject({ outcome: "applied", counts: { applied: 1 } });
    expect(await journalOf(database)).toHaveLength(1);
  });

  it("do not wait for a run on another schema, nor for one with another journal", async () => {
    const database = await freshDatabase(url);
    await database.query("create table busy (); create schema other");
    const bystander = await openTransaction(database.url, "lock table busy in access exclusive mode");
    const slow = manifestOf({ "0001_slow.up.sql": "alter table busy add column note text" });
    const quick = manifestOf({ "0001_quick.up.sql": "create table quick ()" });
    const first = runEvent(database.url, slow, { command: "run" });
    await expect.poll(() => advisoryLocksOf(database)).toHaveLength(1);
    const limits = { lockWait: "1ms" };
    expect(await runEvent(database.url, quick, { command: "run" }, { ...limits, schema: "other" })).toMatchObject({
      outcome: "applied",
    });
    expect(await runEvent(database.url, quick, { command: "run" }, { ...limits, journal: "second" })).toMatchObject({
      outcome: "applied",
    });
    await bystander.query("commit");
    expect((await first).outcome).toBe("applied");
    expect(await tablesOf(database, "other")).toEqual(["quick"]);
    expect((await journalOf(database, "public.second")).map(({ name }) => name)).toEqual(["quick"]);
  });

  it("go on for one whose line was cut, as soon as the server has let go of it", async () => {
    const database = await freshDatabase(url);
    await database.query("create table busy ()");
    const bystander = await openTransaction(database.url, "lock table busy in access exclusive mode");
    const proxy = await freshProxy(database.url);
    const files = manifestOf({
      "0001_quick.up.sql": "create table quick ()",
      "0002_slow.up.sql": "alter table busy add column note text",
    });
    const first = runEvent(proxy.url, files, { command: "run" });
    await expect.poll(() => engineSessionsOf(database)).toMatchObject([{ waits: "Lock" }]);
    const [lost] = await engineSessionsOf(database);
    proxy.sever();
    // It connects again and finds the lock with the backend that it has lost, until the server lets go of that.
    await expect.poll(async () => (await engineSessionsOf(database)).some(({ pid }) => pid !== lost?.pid)).toBe(true);
    const second = runEvent(database.url, files, { command: "run" });
    await bystander.query("commit");
    const reports = await Promise.all([first, second]);
    expect(reports.map(({ ok }) => ok)).toEqual([true, true]);
    expect(statuses(reports[0])["0001"]).toBe("applied");
    expect((await journalOf(database)).map(({ version, state }) => [version, state])).toEqual([
      ["0001", "applied"],
      ["0002", "applied"],
    ]);
  });

  it("cut in the answer to a commit, leave what the server did for the next one to find", async () => {
    const database = await freshDatabase(url);
    const proxy = await freshProxy(database.url, {
      onQuery: (text) => text.includes("create table quick") && proxy.freeze("replies"),
    });
    const files = manifestOf({ "0001_quick.up.sql": "create table quick ()" });
    const first = runEvent(proxy.url, files, { command: "run" });
    await expect.poll(() => tablesOf(database)).toEqual(["quick"]);
    await proxy.close();
    const cut = await first;
    expect(cut.ok).toBe(false);
    expect(statuses(cut)).toEqual({ "0001": "in_doubt" });
    expect(await runEvent(database.url, files, { command: "run" })).toMatchObject({ outcome: "up_to_date" });
    expect(await journalOf(database)).toHaveLength(1);
  });

  it("are told of a backend that was terminated, and the next one does what it did not", async () => {
    const database = await freshDatabase(url);
    await database.query("create table busy ()");
    const bystander = await openTransaction(database.url, "lock table busy in access exclusive mode");
    const files = manifestOf({
      "0001_quick.up.sql": "create table quick ()",
      "0002_slow.up.sql": "alter table busy add column note text",
    });
    const first = runEvent(database.url, files, { command: "run" });
    await expect.poll(() => engineSessionsOf(database)).toMatchObject([{ waits: "Lock" }]);
    const [session] = await engineSessionsOf(database);
    await database.query("select pg_terminate_backend($1)", [session?.pid]);
    const cut = await first;
    expect(cut.ok).toBe(false);
    expect(statuses(cut)).toEqual({ "0001": "applied", "0002": "in_doubt" });
    expect(JSON.stringify(cut)).toContain("57P01");
    await bystander.query("commit");
    const report = await runEvent(database.url, files, { command: "run" });
    expect(report).toMatchObject({ outcome: "applied", schemaVersion: { before: "0001", after: "0002" } });
    expect((await journalOf(database)).map(({ batch }) => batch)).toEqual([1, 2]);
  });
});

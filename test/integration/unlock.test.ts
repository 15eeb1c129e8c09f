// `unlock`: ends the one session that holds the run lock, when it is named by its pid, and no other.
import type pg from "pg";
import { describe, expect, it } from "vitest";
import { lockKey } from "../../src/engine/lock.ts";
import { postgresVersions, type TestDatabase } from "../support/database.ts";
import { type RunOptions, runEvent } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import {
  advisoryLocksOf,
  catalogOf,
  engineSessionsOf,
  freshDatabase,
  freshRole,
  journalOf,
  openSession,
  openTransaction,
  tablesOf,
} from "../support/workplace.ts";

const BUILD = manifestOf({
  "0001_one.up.sql": "create table one (id integer);",
  "0002_two.up.sql": "alter table one add column two integer;",
  "0003_three.up.sql": "create index concurrently one_idx on one (id);",
});

describe.each(postgresVersions)("unlocking on PostgreSQL $version", ({ url: serverUrl }) => {
  async function setup() {
    const database = await freshDatabase(serverUrl);
    const send = (event: unknown, options?: RunOptions) => runEvent(database.url, BUILD, event, options);
    return { database, send };
  }

  it("ends the session that holds the run lock, and the next run gets it", async () => {
    const { database, send } = await setup();
    const holder = await holdLock(database);
    const busy = await send({ command: "run" }, { lockWait: "1ms" });
    expect(busy).toMatchObject({
      outcome: "failed",
      failure: {
        code: "LOCK_NOT_ACQUIRED",
        hint: expect.stringContaining(`hj migrations unlock ${holder.pid}.`),
        details: { holder: { pid: holder.pid } },
      },
    });
    const report = await send({ command: "unlock", pid: holder.pid });
    expect(report).toMatchObject({
      ok: true,
      outcome: "unlocked",
      holder: { pid: holder.pid, application: "bystander", connectedAt: expect.stringMatching(/^\d{4}-.*Z$/) },
    });
    expect(await isThere(database, holder.pid)).toBe(false);
    expect(await advisoryLocksOf(database)).toEqual([]);
    expect(await send({ command: "run" }, { lockWait: "1ms" })).toMatchObject({ outcome: "applied" });
  });

  it("ends the session of a role that logs in as another one by default", async () => {
    const [role, owner] = [await freshRole(serverUrl), await freshRole(serverUrl)];
    const { database } = await setup();
    await database.query(`grant ${owner.name} to ${role.name}; alter schema public owner to ${owner.name};
      alter role ${role.name} in database ${database.name} set role = ${owner.name}`);
    const url = role.urlOf(database.url);
    const running = runEvent(url, manifestOf({ "0001_one.up.sql": "select pg_sleep(30)" }), { command: "run" });
    await expect.poll(() => advisoryLocksOf(database)).toHaveLength(1);
    const [holder] = await advisoryLocksOf(database);
    expect(await runEvent(url, BUILD, { command: "unlock", pid: holder?.pid })).toMatchObject({ outcome: "unlocked" });
    expect(await running).toMatchObject({ failure: { code: "CONNECTION_LOST" } });
  });

  it("ends a run that waits for a table; what it did is kept, what it was doing is gone, and the next run goes on", async () => {
    const { database, send } = await setup();
    await runEvent(database.url, manifestOf({ "0001_one.up.sql": "create table one (id integer);" }), {
      command: "run",
    });
    const reader = await openTransaction(database.url, "select * from one");
    const hanging = send({ command: "run" });
    await expect
      .poll(async () => (await engineSessionsOf(database))[0]?.waits, { interval: 10, timeout: 10_000 })
      .toBe("Lock");
    const pid = await pidOfHolder(database);
    expect(await send({ command: "unlock", pid })).toMatchObject({
      outcome: "unlocked",
      holder: { pid, application: expect.stringMatching(/^hellojohn-migrate [0-9a-f]{8}/) },
    });
    expect((await hanging).ok).toBe(false);
    expect((await journalOf(database)).map(({ version }) => version)).toEqual(["0001"]);
    expect(await advisoryLocksOf(database)).toEqual([]);
    await reader.query("commit");
    expect(await send({ command: "run" })).toMatchObject({ outcome: "applied", counts: { applied: 3 } });
  });

  it("ends an index build, which the next run resumes", async () => {
    const { database, send } = await setup();
    await runEvent(database.url, { ...BUILD, migrations: BUILD.migrations.slice(0, 2) }, { command: "run" });
    const writer = await openTransaction(database.url, "insert into one values (1)");
    const hanging = send({ command: "run" });
    await expect.poll(async () => (await journalOf(database)).at(-1)?.state, { timeout: 10_000 }).toBe("started");
    await expect
      .poll(() => database.query("select 1 as one from pg_index where not indisvalid"), { timeout: 10_000 })
      .toHaveLength(1);
    expect(await send({ command: "unlock", pid: await pidOfHolder(database) })).toMatchObject({ outcome: "unlocked" });
    expect((await hanging).ok).toBe(false);
    expect((await journalOf(database)).at(-1)).toMatchObject({ version: "0003", state: "started" });
    await writer.query("commit");
    expect(await send({ command: "run" })).toMatchObject({ outcome: "applied", counts: { applied: 3, started: 0 } });
    expect(await database.query("select 1 from pg_index where not indisvalid")).toEqual([]);
  });

  it("refuses a pid that does not hold the lock, names the one that does, and ends neither", async () => {
    const { database, send } = await setup();
    const holder = await holdLock(database);
    const other = await openSession(database.url);
    const otherPid = await pidOf(other);
    const report = await send({ command: "unlock", pid: otherPid });
    expect(report).toMatchObject({
      ok: false,
      outcome: "refused",
      problems: [{ code: "NOT_OURS", field: "pid", message: expect.stringContaining(`pid ${holder.pid} (bystander)`) }],
    });
    expect(await isThere(database, otherPid)).toBe(true);
    expect(await isThere(database, holder.pid)).toBe(true);
    expect(await advisoryLocksOf(database)).toEqual([{ pid: holder.pid }]);
  });

  it.each([
    { what: "the lock of another journal", key: lockKey("public", "other_journal") },
    { what: "the lock of another schema", key: lockKey("other", "hj_migration") },
    { what: "an advisory lock of somebody else's", key: 42n },
  ])("refuses a pid that holds only $what", async ({ key }) => {
    const { database, send } = await setup();
    const { pid } = await holdLock(database, key);
    const report = await send({ command: "unlock", pid });
    expect(report).toMatchObject({
      outcome: "refused",
      problems: [{ code: "NOT_OURS", field: "pid", message: expect.stringContaining("nobody does") }],
    });
    expect(await isThere(database, pid)).toBe(true);
  });

  it("refuses a pid that holds the same lock in another database", async () => {
    const { send } = await setup();
    const elsewhere = await freshDatabase(serverUrl);
    const { pid } = await holdLock(elsewhere);
    expect(await send({ command: "unlock", pid })).toMatchObject({
      outcome: "refused",
      problems: [{ code: "NOT_OURS" }],
    });
    expect(await isThere(elsewhere, pid)).toBe(true);
  });

  it("does not end one that only waits for the lock", async () => {
    const { database, send } = await setup();
    const holder = await holdLock(database);
    const busy = Promise.withResolvers<void>();
    const waiting = send(
      { command: "run" },
      { onProgress: (progress) => void (progress.kind === "lock_busy" && busy.resolve()) },
    );
    await busy.promise;
    const waiter = (await engineSessionsOf(database))[0]?.pid ?? 0;
    expect(await send({ command: "unlock", pid: waiter })).toMatchObject({
      outcome: "refused",
      problems: [{ code: "NOT_OURS" }],
    });
    expect(await isThere(database, waiter)).toBe(true);
    await holder.client.query("select pg_advisory_unlock_all()");
    expect(await waiting).toMatchObject({ outcome: "applied" });
  });

  it("finds the lock of the schema and the journal that it is told", async () => {
    const { database, send } = await setup();
    await database.query("create schema app");
    const { pid } = await holdLock(database, lockKey("app", "own_journal"));
    expect(await send({ command: "unlock", pid })).toMatchObject({ outcome: "refused" });
    expect(await send({ command: "unlock", pid }, { schema: "app", journal: "own_journal" })).toMatchObject({
      outcome: "unlocked",
      database: { schema: "app" },
      holder: { pid },
    });
    expect(await isThere(database, pid)).toBe(false);
  });

  it("writes nothing, and needs no journal", async () => {
    const { database, send } = await setup();
    const before = await catalogOf(database);
    const { pid } = await holdLock(database);
    await send({ command: "unlock", pid: pid + 1_000_000 });
    await send({ command: "unlock", pid });
    expect(await catalogOf(database)).toEqual(before);
    expect(await tablesOf(database)).toEqual([]);
  });

  it.each([
    { event: { command: "unlock" } },
    { event: { command: "unlock", pid: 0 } },
    { event: { command: "unlock", pid: -1 } },
    { event: { command: "unlock", pid: "1 or true" } },
    { event: { command: "unlock", pid: 2 ** 31 } },
    { event: { command: "unlock", pid: 1.5 } },
    { event: { command: "run", pid: 1 } },
  ])("refuses as an event $event", async ({ event }) => {
    const { database, send } = await setup();
    const holder = await holdLock(database);
    expect(await send(event)).toMatchObject({
      outcome: "refused",
      problems: [{ code: "INVALID_EVENT", field: "pid" }],
    });
    expect(await isThere(database, holder.pid)).toBe(true);
  });
});

/** A session that holds the run lock until it is ended, or the test is over. */
async function holdLock(
  database: TestDatabase,
  key = lockKey("public", "hj_migration"),
): Promise<{ client: pg.Client; pid: number }> {
  const client = await openSession(database.url);
  await client.query("select pg_advisory_lock($1)", [key]);
  return { client, pid: await pidOf(client) };
}

async function pidOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query("select pg_backend_pid() as pid");
  return rows[0].pid;
}

async function pidOfHolder(database: TestDatabase): Promise<number> {
  const locks = await advisoryLocksOf(database);
  expect(locks).toHaveLength(1);
  return locks[0]?.pid ?? 0;
}

async function isThere(database: TestDatabase, pid: number): Promise<boolean> {
  return (await database.query("select 1 as one from pg_stat_activity where pid = $1", [pid])).length === 1;
}

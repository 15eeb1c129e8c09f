// Statements that cannot run in a transaction and were interrupted: what they left is found, finished or removed by the
// next run, and nothing of anybody else's is touched.
import { describe, expect, it } from "vitest";
import { postgresVersions, type TestDatabase } from "../support/database.ts";
import { runEvent } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import {
  engineSessionsOf,
  freshDatabase,
  freshProxy,
  journalOf,
  openSession,
  openTransaction,
} from "../support/workplace.ts";

const RUN = { command: "run" };
const APPLIED = { outcome: "applied", counts: { applied: 1, started: 0 } };

/** `t_a t_a_ccnew!`: every index of these tables and their TOAST tables, with a mark on the invalid ones. */
async function indexesOf(database: TestDatabase, ...tables: string[]): Promise<string[]> {
  const rows = await database.query(
    "select c.relname || case when indisvalid then '' else '!' end as name from pg_index join pg_class c on c.oid = indexrelid where indrelid = any (select unnest(array[oid, reltoastrelid]) from pg_class where oid = any ($1::regclass[]::oid[])) and c.relname !~ '^pg_toast_[0-9]+_index$' order by 1",
    [tables],
  );
  return rows.map(({ name }) => name);
}

async function stateOf(database: TestDatabase): Promise<[state: string, done: number]> {
  const [entry] = await journalOf(database);
  return [entry?.state ?? "", entry?.statements_done ?? -1];
}

/** Two partitions, of which the second is to go. */
const PARTITIONED = `create table m (id int) partition by range (id);
create table m_1 partition of m for values from (0) to (10);
create table m_2 partition of m for values from (10) to (20);
insert into m values (1), (11)`;
const DETACH = manifestOf({ "0001_m.up.sql": "alter table m detach partition m_2 concurrently" });

async function partitionsOf(database: TestDatabase): Promise<string[]> {
  const rows = await database.query(
    "select inhrelid::regclass || case when inhdetachpending then '!' else '' end as name from pg_inherits where inhparent = 'm'::regclass order by 1",
  );
  return rows.map(({ name }) => name);
}

describe.each(postgresVersions)("on PostgreSQL $version", ({ url }) => {
  it.each([
    ["of an index", "reindex index concurrently t_a", ["t_a_ccnew!"]],
    ["of a table and its TOAST table", "reindex table concurrently t", ["t_a_ccnew!", "t_b_ccnew!"]],
    ["of a schema", "reindex schema concurrently public", ["t_a_ccnew!"]],
  ])("a REINDEX CONCURRENTLY %s that was cut is done again, and leaves nothing", async (_what, sql, left) => {
    const database = await freshDatabase(url);
    await database.query("create table t (a int, b text); create index t_a on t (a); create index t_b on t (b)");
    // It waits for every transaction that may have written to the table.
    const writer = await openTransaction(database.url, "insert into t values (1, 'x')");
    const before = await indexesOf(database, "t");
    const cut = await runEvent(database.url, manifestOf({ "0001_r.up.sql": sql }), { ...RUN, timeout: "500ms" });
    expect(cut).toMatchObject({ outcome: "failed", failure: { code: "TIMED_OUT" }, counts: { started: 1 } });
    expect(await indexesOf(database, "t")).toEqual(expect.arrayContaining(left));
    expect((cut as { failure: { message: string } }).failure.message).toMatch(
      /left behind, invalid, and the next run removes (?:it|them)$/,
    );
    await writer.query("commit");

    expect(await runEvent(database.url, manifestOf({ "0001_r.up.sql": sql }), RUN)).toMatchObject(APPLIED);
    expect(await indexesOf(database, "t")).toEqual(before);
  });

  it("a REINDEX CONCURRENTLY of a partitioned table that was cut leaves nothing in its partitions", async () => {
    const database = await freshDatabase(url);
    await database.query(`${PARTITIONED}; create index on m (id)`);
    const files = manifestOf({ "0001_r.up.sql": "reindex table concurrently m" });
    // Its last phase waits for every older snapshot; dropping an index does not.
    const old = await openTransaction(database.url, "set transaction isolation level repeatable read; select 1");
    expect(await runEvent(database.url, files, { ...RUN, timeout: "500ms" })).toMatchObject({
      failure: { message: expect.stringContaining("the invalid index that it left, m_1_id_idx_ccnew, was removed") },
    });
    await old.query("commit");
    expect(await indexesOf(database, "m_1", "m_2")).toEqual(["m_1_id_idx", "m_2_id_idx"]);
    expect(await runEvent(database.url, files, RUN)).toMatchObject(APPLIED);
  });

  it("a REINDEX CONCURRENTLY of a partitioned table lets others write while it waits for a writer", async () => {
    const database = await freshDatabase(url);
    await database.query(`${PARTITIONED}; create index on m (id)`);
    const writer = await openTransaction(database.url, "insert into m values (2)");
    const files = manifestOf({ "0001_r.up.sql": "reindex table concurrently m" });
    const running = runEvent(database.url, files, RUN);
    await expect.poll(() => engineSessionsOf(database)).toMatchObject([{ waits: "Lock" }]);
    await database.query("set lock_timeout = '5s'; insert into m values (3), (12)");
    await writer.query("commit");
    expect(await running).toMatchObject(APPLIED);
    expect(await indexesOf(database, "m_1", "m_2")).toEqual(["m_1_id_idx", "m_2_id_idx"]);
  });

  it("a REINDEX CONCURRENTLY that fails by itself removes what it left, and says so", async () => {
    const database = await freshDatabase(url);
    // A unique index over rows that are not unique any more: only its function knows.
    await database.query(
      "create function f(int) returns int immutable language sql as 'select $1'; create table t (a int); create unique index t_a on t (f(a)); insert into t values (1), (2); create or replace function f(int) returns int immutable language sql as 'select 1'",
    );
    const files = manifestOf({ "0001_r.up.sql": "reindex index concurrently t_a" });
    expect(await runEvent(database.url, files, RUN)).toMatchObject({
      outcome: "failed",
      failure: {
        code: "STATEMENT_FAILED",
        message: expect.stringContaining("the invalid index that it left, t_a_ccnew, was removed"),
      },
    });
    expect(await indexesOf(database, "t")).toEqual(["t_a"]);
  });

  it("a REINDEX CONCURRENTLY does not touch what somebody else's left", async () => {
    const database = await freshDatabase(url);
    await database.query("create table t (a int); create index t_a on t (a); insert into t values (1), (1)");
    await expect(database.query("create unique index concurrently t_a_ccnew on t (a)")).rejects.toThrow("t_a_ccnew");
    const files = manifestOf({ "0001_r.up.sql": "reindex index concurrently t_a" });
    const writer = await openTransaction(database.url, "insert into t values (2)");
    await runEvent(database.url, files, { ...RUN, timeout: "500ms" });
    await writer.query("commit");
    expect(await runEvent(database.url, files, RUN)).toMatchObject(APPLIED);
    expect(await indexesOf(database, "t")).toContain("t_a_ccnew!");
  });

  it("a REINDEX TABLE CONCURRENTLY is not done while an index is invalid that it passes over", async () => {
    const database = await freshDatabase(url);
    await database.query("create table t (a int); create index t_a on t (a); insert into t values (1), (1)");
    await expect(database.query("create unique index concurrently t_u on t (a)")).rejects.toThrow("t_u");
    const files = manifestOf({ "0001_r.up.sql": "reindex table concurrently t" });
    expect(await runEvent(database.url, files, RUN)).toMatchObject({
      outcome: "failed",
      failure: { code: "INDEX_INVALID", message: expect.stringContaining("t_u"), details: { index: '"public"."t_u"' } },
    });
    await database.query("drop index t_u");
    expect(await runEvent(database.url, files, RUN)).toMatchObject(APPLIED);
  });

  it("a detach that was cut is pending, which is said, and the next run finishes it", async () => {
    const database = await freshDatabase(url);
    await database.query(PARTITIONED);
    const reader = await openTransaction(database.url, "select * from m");
    const cut = await runEvent(database.url, DETACH, { ...RUN, timeout: "500ms" });
    expect(cut).toMatchObject({
      outcome: "failed",
      failure: { code: "TIMED_OUT", message: expect.stringContaining("the detach of m_2 is pending") },
    });
    expect(await partitionsOf(database)).toEqual(["m_1", "m_2!"]);
    await reader.query("commit");

    expect(await runEvent(database.url, DETACH, RUN)).toMatchObject(APPLIED);
    expect(await partitionsOf(database)).toEqual(["m_1"]);
    expect(await database.query("select id from m_2")).toEqual([{ id: 11 }]);
  });

  it("a detach that is finished waits for a reader of the partition without making others wait", async () => {
    const database = await freshDatabase(url);
    await database.query(PARTITIONED);
    const reader = await openTransaction(database.url, "select * from m");
    await runEvent(database.url, DETACH, { ...RUN, timeout: "500ms" });
    const late = await runEvent(database.url, DETACH, { ...RUN, timeout: "1s" });
    expect(late).toMatchObject({ outcome: "failed", failure: { code: "LOCK_TIMEOUT" } });
    expect(await partitionsOf(database)).toEqual(["m_1", "m_2!"]);
    await reader.query("commit");
    expect(await runEvent(database.url, DETACH, RUN)).toMatchObject(APPLIED);
  });

  it("a detach whose record was lost is found done", async () => {
    const database = await freshDatabase(url);
    await database.query(PARTITIONED);
    const proxy = await freshProxy(database.url, {
      onQuery: (text) => text.includes("statements_done = 1") && proxy.sever(),
    });
    expect((await runEvent(proxy.url, DETACH, RUN)).ok).toBe(false);
    expect(await stateOf(database)).toEqual(["started", 0]);
    expect(await runEvent(database.url, DETACH, RUN)).toMatchObject(APPLIED);
    expect(await partitionsOf(database)).toEqual(["m_1"]);
  });

  it("a detach that somebody else left pending is theirs", async () => {
    const database = await freshDatabase(url);
    await database.query(PARTITIONED);
    const reader = await openTransaction(database.url, "select * from m");
    const other = await openSession(database.url);
    await other.query("set statement_timeout = 300");
    await expect(other.query("alter table m detach partition m_2 concurrently")).rejects.toThrow("timeout");
    await reader.query("commit");
    expect(await partitionsOf(database)).toEqual(["m_1", "m_2!"]);
    for (const _attempt of ["first", "second"]) {
      expect(await runEvent(database.url, DETACH, RUN)).toMatchObject({
        outcome: "failed",
        failure: { code: "STATEMENT_FAILED" },
      });
      expect(await partitionsOf(database)).toEqual(["m_1", "m_2!"]);
    }
  });

  it("a detach that is refused took no effect, and runs when what was in its way is gone", async () => {
    const database = await freshDatabase(url);
    await database.query(`${PARTITIONED}; create table m_d partition of m default`);
    // PostgreSQL detaches nothing concurrently while there is a default partition.
    expect(await runEvent(database.url, DETACH, RUN)).toMatchObject({ failure: { details: { sqlState: "55000" } } });
    await database.query("drop table m_d");
    expect(await runEvent(database.url, DETACH, RUN)).toMatchObject(APPLIED);
    expect(await partitionsOf(database)).toEqual(["m_1"]);
  });

  it("a VACUUM whose record was lost is simply done again", async () => {
    const database = await freshDatabase(url);
    await database.query("create table t (a int)");
    const files = manifestOf({ "0001_v.up.sql": "vacuum (analyze) t" });
    const proxy = await freshProxy(database.url, {
      onQuery: (text) => text.includes("statements_done = 1") && proxy.sever(),
    });
    expect((await runEvent(proxy.url, files, RUN)).ok).toBe(false);
    expect(await runEvent(database.url, files, RUN)).toMatchObject(APPLIED);
  });

  it("a new value of an enum is added once, however often the file is taken up again", async () => {
    const database = await freshDatabase(url);
    await database.query("create type mood as enum ('sad')");
    const sql =
      "alter type mood add value 'happy';\ncreate table t (m mood default 'happy');\ninsert into u values (1);";
    const files = manifestOf({ "0001_e.up.sql": `-- hj:transaction off\n${sql}` });
    for (const _attempt of ["first", "second"]) expect((await runEvent(database.url, files, RUN)).ok).toBe(false);
    expect(await stateOf(database)).toEqual(["started", 2]);
    await database.query("create table u (id int)");
    expect(await runEvent(database.url, files, RUN)).toMatchObject(APPLIED);
    expect(await database.query("select enum_range(null::mood)::text as moods")).toEqual([{ moods: "{sad,happy}" }]);
  });

  it("a new value of an enum that is used in its own transaction is refused with the way out", async () => {
    const database = await freshDatabase(url);
    await database.query("create type mood as enum ('sad')");
    const sql = "alter type mood add value 'happy'; create table t as select 'happy'::mood as m";
    expect(await runEvent(database.url, manifestOf({ "0001_e.up.sql": sql }), RUN)).toMatchObject({
      failure: {
        details: { sqlState: "55P04" },
        hint: expect.stringContaining("a migration of its own, before this one, or say -- hj:transaction off"),
      },
    });
    expect(await database.query("select enum_range(null::mood)::text as moods")).toEqual([{ moods: "{sad}" }]);
  });

  it.each(["vacuum full t", "reindex schema public", "reindex (concurrently false) table t"])(
    "%s waits for its table without making the application wait, and gets it when it is free",
    async (sql) => {
      const database = await freshDatabase(url);
      await database.query("create table t (a int); create index on t (a)");
      const reader = await openTransaction(database.url, "select from t");
      const running = runEvent(database.url, manifestOf({ "0001_t.up.sql": `-- hj:transaction off\n${sql}` }), RUN);
      await expect.poll(() => engineSessionsOf(database)).toMatchObject([{ waits: "Lock" }]);
      const startedAt = performance.now();
      await database.query("select from t where a = 1");
      expect(performance.now() - startedAt).toBeLessThan(5_000);
      await reader.query("commit");
      expect(await running).toMatchObject(APPLIED);
    },
  );

  it("what is cleaned up behind a build leaves a short invocation time to answer", async () => {
    const database = await freshDatabase(url);
    await database.query("create table t (a int); insert into t values (1)");
    await openTransaction(database.url, "insert into t values (2)");
    const endsAt = performance.now() + 5_000;
    const remainingMs = () => endsAt - performance.now();
    const files = manifestOf({ "0001_t.up.sql": "create index concurrently t_a on t (a)" });
    expect(await runEvent(database.url, files, { ...RUN, timeout: "3s" }, { remainingMs })).toMatchObject({
      failure: { code: "TIMED_OUT", message: expect.stringContaining("t_a is left behind, invalid") },
    });
  });
});

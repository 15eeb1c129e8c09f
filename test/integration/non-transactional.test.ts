// Migrations outside a transaction: each statement recorded, a run that stopped halfway continued, and no index left
// invalid or taken for one that it is not.
import { describe, expect, it, vi } from "vitest";
import { postgresVersions, type TestDatabase } from "../support/database.ts";
import { runEvent, statuses } from "../support/engine.ts";
import { everyPostgresVersion } from "../support/every-version.ts";
import { manifestOf } from "../support/manifest.ts";
import {
  advisoryLocksOf,
  engineSessionsOf,
  freshDatabase,
  freshProxy,
  journalOf,
  openTransaction,
  tablesOf,
} from "../support/workplace.ts";

const RUN = { command: "run" };

/** `[["one_index", "id", true], ...]`: name, column and validity of every index of a table. */
async function indexesOf(database: TestDatabase, table: string): Promise<[string, string, boolean][]> {
  const rows = await database.query(
    "select c.relname as name, a.attname as column, i.indisvalid as valid from pg_index i join pg_class c on c.oid = i.indexrelid join pg_attribute a on a.attrelid = i.indexrelid and a.attnum = 1 where i.indrelid = $1::regclass order by 1",
    [table],
  );
  return rows.map((row) => [row.name, row.column, row.valid]);
}

async function progressOf(database: TestDatabase): Promise<[string, string, number][]> {
  const entries = await journalOf(database);
  return entries.map(({ version, state, statements_done }) => [version, state, statements_done]);
}

describe.each(everyPostgresVersion)("a migration that is not transactional on PostgreSQL $version", ({ url }) => {
  it("records each statement when it is done", async () => {
    const database = await freshDatabase(url);
    const seen: unknown[] = [];
    await database.query("create table watch (state text, done int)");
    const report = await runEvent(
      database.url,
      manifestOf({
        "0001_a.up.sql": `-- hj:transaction off
insert into watch select state, statements_done from hj_migration;
insert into watch select state, statements_done from hj_migration;
create index concurrently watch_state on watch (state);
insert into watch select state, statements_done from hj_migration;`,
      }),
      RUN,
      { onProgress: (progress) => seen.push(progress) },
    );
    expect(report).toMatchObject({ outcome: "applied", migrations: [{ status: "applied", transactional: false }] });
    expect(await database.query("select state, done from watch")).toEqual([
      { state: "started", done: 0 },
      { state: "started", done: 1 },
      { state: "started", done: 3 },
    ]);
    expect(await progressOf(database)).toEqual([["0001", "applied", 4]]);
    expect(seen.filter((progress) => (progress as { kind: string }).kind === "statement_started")).toEqual(
      [1, 2, 3, 4].map((number) => ({ kind: "statement_started", version: "0001", number, of: 4 })),
    );
    const [entry] = await journalOf(database);
    expect(report.migrations[0]?.appliedAt).toBe(entry?.finished_at?.toISOString());
  });

  it("is recognised without a directive when none of its statements can run in a transaction", async () => {
    const database = await freshDatabase(url);
    await database.query("create table t (a int, b int)");
    const files = manifestOf({
      "0001_t.up.sql": "create index concurrently t_a on t (a);\ncreate index concurrently t_b on t (b);\nvacuum t;",
    });
    expect(await runEvent(database.url, files, RUN)).toMatchObject({ outcome: "applied" });
    expect(await indexesOf(database, "t")).toEqual([
      ["t_a", "a", true],
      ["t_b", "b", true],
    ]);
  });

  it("that fails at its second of three statements is continued there", async () => {
    const database = await freshDatabase(url);
    await database.query("create table tally (step int); create table target (id int)");
    const files = manifestOf({
      "0001_a.up.sql":
        "-- hj:transaction off\ninsert into tally values (1);\n\ninsert into target (id, note) values (1, 'x');\ninsert into tally values (3);",
      "0002_b.up.sql": "create table b ()",
    });
    const failed = await runEvent(database.url, files, RUN);
    expect(failed).toMatchObject({
      outcome: "failed",
      schemaVersion: { before: null, after: null },
      counts: { applied: 0, pending: 1, started: 1 },
      failure: {
        code: "STATEMENT_FAILED",
        hint: expect.stringContaining("1 of 3 statements"),
        details: { version: "0001", line: 4, column: 25, sqlState: "42703" },
      },
    });
    expect(statuses(failed)).toEqual({ "0001": "failed", "0002": "not_reached" });
    expect(await progressOf(database)).toEqual([["0001", "started", 1]]);
    const status = await runEvent(database.url, files, { command: "status" });
    expect(status).toMatchObject({ outcome: "pending", counts: { started: 1, pending: 1 } });
    expect(status.migrations[0]).toMatchObject({ version: "0001", statementsDone: 1 });
    expect(statuses(status)).toEqual({ "0001": "started", "0002": "pending" });

    await database.query("alter table target add column note text");
    const report = await runEvent(database.url, files, RUN);
    expect(report).toMatchObject({ outcome: "applied", schemaVersion: { before: null, after: "0002" } });
    expect(await database.query("select step from tally order by 1")).toEqual([{ step: 1 }, { step: 3 }]);
    expect(await progressOf(database)).toEqual([
      ["0001", "applied", 3],
      ["0002", "applied", 0],
    ]);
  });

  it("rebuilds the index that its cancelled build left invalid", async () => {
    const database = await freshDatabase(url);
    await database.query("create table t (a int)");
    const files = manifestOf({ "0001_t.up.sql": "create index concurrently if not exists t_a on t (a)" });
    // A build waits for every transaction that may have written to the table.
    const bystander = await openTransaction(database.url, "insert into t values (1)");
    const cut = await runEvent(database.url, files, { ...RUN, timeout: "500ms" });
    expect(cut).toMatchObject({
      outcome: "failed",
      failure: {
        code: "TIMED_OUT",
        message: expect.stringContaining("the index t_a is left behind, invalid, and the next run removes it"),
      },
      counts: { started: 1 },
    });
    expect(await indexesOf(database, "t")).toEqual([["t_a", "a", false]]);
    await bystander.query("commit");

    expect(await runEvent(database.url, files, RUN)).toMatchObject({ outcome: "applied", counts: { applied: 1 } });
    expect(await indexesOf(database, "t")).toEqual([["t_a", "a", true]]);
  });

  it("does not touch an invalid index that somebody else left, however often it is run", async () => {
    const database = await freshDatabase(url);
    await database.query("create table t (a int, b int); insert into t values (1, 1), (1, 1)");
    await expect(database.query("create unique index concurrently t_a on t (b)")).rejects.toThrow("t_a");
    const files = manifestOf({ "0001_t.up.sql": "create index concurrently t_a on t (a)" });
    for (const _attempt of ["first", "second"]) {
      const report = await runEvent(database.url, files, RUN);
      expect(report).toMatchObject({ outcome: "failed", failure: { message: expect.stringContaining("t_a") } });
      expect(await indexesOf(database, "t")).toEqual([["t_a", "b", false]]);
    }
  });

  it("does not take an invalid index for its own because it says if not exists", async () => {
    const database = await freshDatabase(url);
    await database.query("create table t (a int, b int); insert into t values (1, 1), (1, 1)");
    await expect(database.query("create unique index concurrently t_a on t (b)")).rejects.toThrow("t_a");
    const files = manifestOf({ "0001_t.up.sql": "create index concurrently if not exists t_a on t (a)" });
    for (const _attempt of ["first", "second"]) {
      const report = await runEvent(database.url, files, RUN);
      expect(report).toMatchObject({
        outcome: "failed",
        failure: { code: "INDEX_INVALID", details: { index: "t_a" } },
      });
      expect(await indexesOf(database, "t")).toEqual([["t_a", "b", false]]);
    }
  });

  it("does not take somebody else's valid index for its own, however often it is run", async () => {
    const database = await freshDatabase(url);
    await database.query("create table t (a int, b int); create index t_a on t (b)");
    const files = manifestOf({ "0001_t.up.sql": "create index concurrently t_a on t (a)" });
    for (const _attempt of ["first", "second"]) {
      const report = await runEvent(database.url, files, RUN);
      expect(report).toMatchObject({ outcome: "failed", failure: { details: { sqlState: "42P07" } } });
      expect(await indexesOf(database, "t")).toEqual([["t_a", "b", true]]);
    }
    await database.query("drop index t_a");
    expect(await runEvent(database.url, files, RUN)).toMatchObject({ outcome: "applied" });
    expect(await indexesOf(database, "t")).toEqual([["t_a", "a", true]]);
  });

  it("does not touch an index of that name on another table", async () => {
    const database = await freshDatabase(url);
    await database.query("create table t (a int); create table other (a int); create index t_a on other (a)");
    const files = manifestOf({ "0001_t.up.sql": "create index concurrently if not exists t_a on t (a)" });
    for (const _attempt of ["first", "second"]) {
      const report = await runEvent(database.url, files, RUN);
      expect(report).toMatchObject({ outcome: "failed", failure: { code: "INDEX_INVALID" } });
      expect(await indexesOf(database, "other")).toEqual([["t_a", "a", true]]);
    }
  });

  it("makes a unique index once the duplicates are gone", async () => {
    const database = await freshDatabase(url);
    await database.query("create table account (mail text); insert into account values ('s3cret'), ('s3cret')");
    const files = manifestOf({ "0001_u.up.sql": "create unique index concurrently one_mail on account (mail)" });
    const failed = await runEvent(database.url, files, RUN);
    expect(failed).toMatchObject({
      outcome: "failed",
      failure: {
        code: "STATEMENT_FAILED",
        message: expect.stringContaining("the invalid index that it left, one_mail, was removed"),
        details: { sqlState: "23505" },
      },
    });
    expect(await indexesOf(database, "account")).toEqual([]);
    expect(JSON.stringify(failed)).not.toContain("s3cret");
    expect(await progressOf(database)).toEqual([["0001", "started", 0]]);

    await database.query("delete from account where ctid = (select min(ctid) from account)");
    expect(await runEvent(database.url, files, RUN)).toMatchObject({ outcome: "applied" });
    expect(await indexesOf(database, "account")).toEqual([["one_mail", "mail", true]]);
  });

  it("cut off while it builds an index is continued by the next run", async () => {
    const database = await freshDatabase(url);
    const proxy = await freshProxy(database.url);
    await database.query("create table t (a int)");
    const files = manifestOf({
      "0001_t.up.sql": "-- hj:transaction off\ncreate table one ();\ncreate index concurrently t_a on t (a);",
    });
    const bystander = await openTransaction(database.url, "insert into t values (1)");
    const first = runEvent(proxy.url, files, RUN);
    await expect.poll(() => engineSessionsOf(database)).toMatchObject([{ waits: "Lock" }]);
    await proxy.close();
    const cut = await first;
    expect(cut.ok).toBe(false);
    expect(statuses(cut)).toEqual({ "0001": "in_doubt" });
    await bystander.query("commit");

    expect(await runEvent(database.url, files, RUN)).toMatchObject({ ok: true, counts: { applied: 1 } });
    expect(await indexesOf(database, "t")).toEqual([["t_a", "a", true]]);
    expect(await progressOf(database)).toEqual([["0001", "applied", 2]]);
  });

  it.each([
    ["an ordinary statement", "insert into tally values (2)", "insert into tally values (2)"],
    ["the record of an index build", "create index concurrently tally_step on tally (step)", "statements_done = 2"],
    ["a dropped index", "drop index concurrently tally_old", "statements_done = 2"],
  ])("cut off in the answer to %s does nothing twice", async (_name, statement, cutAt) => {
    const database = await freshDatabase(url);
    await database.query("create table tally (step int); create index tally_old on tally (step)");
    const proxy = await freshProxy(database.url, {
      onQuery: (text) => text.includes(cutAt) && proxy.freeze("replies"),
    });
    const files = manifestOf({
      "0001_t.up.sql": `-- hj:transaction off\ninsert into tally values (1);\n${statement};\ninsert into tally values (3);`,
    });
    const first = runEvent(proxy.url, files, RUN);
    await expect.poll(() => progressOf(database)).toEqual([["0001", "started", 2]]);
    await proxy.close();
    expect((await first).ok).toBe(false);
    expect(await runEvent(database.url, files, RUN)).toMatchObject({ outcome: "applied" });
    const steps = await database.query("select step from tally order by 1");
    expect(steps.map(({ step }) => step)).toEqual(statement.startsWith("insert") ? [1, 2, 3] : [1, 3]);
  });

  it.each([
    ["an index build", "create index concurrently tally_step on tally (step)", ["tally_old", "tally_step"]],
    ["a dropped index", "drop index concurrently tally_old", []],
    ["a reindex", "reindex index concurrently tally_old", ["tally_old"]],
  ])("cut off between %s and its record finds out that it is done", async (_name, statement, indexes) => {
    const database = await freshDatabase(url);
    await database.query("create table tally (step int); create index tally_old on tally (step)");
    // The record never arrives: the line is cut before it is sent on.
    const proxy = await freshProxy(database.url, {
      onQuery: (text) => text.includes("statements_done = 2") && proxy.sever(),
    });
    const files = manifestOf({
      "0001_t.up.sql": `-- hj:transaction off\ninsert into tally values (1);\n${statement};\ninsert into tally values (3);`,
    });
    expect((await runEvent(proxy.url, files, RUN)).ok).toBe(false);
    expect(await progressOf(database)).toEqual([["0001", "started", 1]]);
    expect(await runEvent(database.url, files, RUN)).toMatchObject({ outcome: "applied" });
    expect((await database.query("select step from tally")).map(({ step }) => step)).toEqual([1, 3]);
    expect((await indexesOf(database, "tally")).map(([name]) => name)).toEqual(indexes);
  });

  it("that was cut off in a statement whose effect cannot be read says so and repeats nothing", async () => {
    const database = await freshDatabase(url);
    const name = `${database.name}_made`;
    const admin = (sql: string) => database.query(sql);
    const proxy = await freshProxy(database.url, {
      onQuery: (text) => text.includes("statements_done = 1") && proxy.sever(),
    });
    const files = manifestOf({ "0001_d.up.sql": `create database ${name}` });
    try {
      expect((await runEvent(proxy.url, files, RUN)).ok).toBe(false);
      const report = await runEvent(database.url, files, RUN);
      expect(report).toMatchObject({
        outcome: "failed",
        failure: { code: "CANNOT_RESUME", details: { statementNumber: 1 } },
      });
      expect(await progressOf(database)).toEqual([["0001", "started", 0]]);
    } finally {
      await admin(`drop database if exists ${name}`);
    }
  });
});

describe.each(postgresVersions)("a migration that is not transactional and waits on PostgreSQL $version", ({ url }) => {
  it("stops on request while it waits for a table, in every statement of it", async () => {
    const database = await freshDatabase(url);
    await database.query("create table t (a int)");
    const files = manifestOf({ "0001_t.up.sql": "create index concurrently t_a on t (a)" });
    const bystander = await openTransaction(database.url, "insert into t values (1)");
    const controller = new AbortController();
    const run = runEvent(database.url, files, RUN, { signal: controller.signal });
    await expect.poll(() => engineSessionsOf(database)).toMatchObject([{ waits: "Lock" }]);
    controller.abort();
    expect(await run).toMatchObject({ outcome: "failed", failure: { code: "CANCELLED" }, counts: { started: 1 } });
    expect(await advisoryLocksOf(database)).toEqual([]);
    await bystander.query("commit");
    expect(await runEvent(database.url, files, RUN)).toMatchObject({ outcome: "applied" });
    expect(await indexesOf(database, "t")).toEqual([["t_a", "a", true]]);
  });

  it("stops on request that comes just before an index build", async () => {
    const database = await freshDatabase(url);
    await database.query("create table t (a int)");
    const files = manifestOf({ "0001_t.up.sql": "create index concurrently t_a on t (a)" });
    const bystander = await openTransaction(database.url, "insert into t values (1)");
    const controller = new AbortController();
    const proxy = await freshProxy(database.url, {
      onQuery: (text) => text.startsWith("set statement_timeout") && controller.abort(),
    });
    const report = await runEvent(proxy.url, files, { ...RUN, timeout: "3s" }, { signal: controller.signal });
    expect(controller.signal.aborted).toBe(true);
    expect(report).toMatchObject({ outcome: "failed", failure: { code: "CANCELLED" } });
    await bystander.query("commit");
  });

  it("waits for a table without making others wait when it alters one", async () => {
    const database = await freshDatabase(url);
    await database.query("create table t (a int)");
    const files = manifestOf({ "0001_t.up.sql": "-- hj:transaction off\nalter table t add column b int;" });
    const bystander = await openTransaction(database.url, "lock table t in access share mode");
    const waits = vi.fn();
    const run = runEvent(database.url, files, RUN, {
      onProgress: (progress) => progress.kind === "migration_waits" && waits(progress),
    });
    await vi.waitFor(() => expect(waits).toHaveBeenCalled(), { timeout: 5_000 });
    await bystander.query("commit");
    const report = await run;
    expect(report).toMatchObject({ outcome: "applied" });
    expect(report.migrations[0]?.attempts).toBeGreaterThan(1);
    expect(await tablesOf(database)).toEqual(["t"]);
  });
});

describe.each(everyPostgresVersion)("a half applied migration on PostgreSQL $version", ({ url }) => {
  it("tries a statement again that ran alone and was refused by the server", async () => {
    const database = await freshDatabase(url);
    const twin = `${database.name}_twin`;
    const files = manifestOf({
      "0001_a.up.sql": `-- hj:transaction off\ncreate table a ();\ncreate database ${twin};`,
    });
    await database.query(`create database ${twin}`);
    try {
      const refused = await runEvent(database.url, files, RUN);
      expect(refused).toMatchObject({ failure: { code: "STATEMENT_FAILED", details: { sqlState: "42P04" } } });
      await database.query(`drop database ${twin}`);
      expect(await runEvent(database.url, files, RUN)).toMatchObject({ outcome: "applied" });
      expect(await progressOf(database)).toEqual([["0001", "applied", 2]]);
    } finally {
      await database.query(`drop database if exists ${twin}`);
    }
  });

  it("goes on statement by statement, also when its directive was taken away", async () => {
    const database = await freshDatabase(url);
    const sql = "create table a ();\ninsert into b default values;";
    await runEvent(database.url, manifestOf({ "0001_a.up.sql": `-- hj:transaction off\n${sql}` }), RUN);
    expect(await progressOf(database)).toEqual([["0001", "started", 1]]);
    await database.query("create table b (id int generated always as identity)");
    const report = await runEvent(database.url, manifestOf({ "0001_a.up.sql": sql }), RUN);
    expect(report).toMatchObject({ outcome: "applied", migrations: [{ transactional: false }] });
    expect(await progressOf(database)).toEqual([["0001", "applied", 2]]);
  });
});

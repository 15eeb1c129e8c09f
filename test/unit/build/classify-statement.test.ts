import { beforeAll, describe, expect, test } from "vitest";
import { classifyStatement, objectionTo } from "../../../src/build/classify-statement.ts";
import { loadParser } from "../../../src/build/parse-sql.ts";
import { treeOf } from "../../support/syntax-tree.ts";

beforeAll(loadParser);

describe("classifyStatement", () => {
  test.each([
    "create table account (id bigint)",
    "create index account_id on account (id)",
    "drop index account_id",
    "reindex table account",
    "reindex (concurrently false) table account",
    "reindex index account_id",
    "cluster account using account_id",
    "analyze account",
    "alter table measurement detach partition measurement_2024",
    "create subscription s connection '' publication p with (connect = false)",
    "create subscription s connection '' publication p with (create_slot = false)",
    "alter type mood add value 'happy'",
    "do $$ begin execute 'vacuum'; end $$",
    "select 1",
  ])("lets %j run inside a transaction", (sql) => {
    expect(classifyStatement(treeOf(sql))).toEqual({ kind: "ordinary" });
  });

  test.each([
    ["vacuum account", "VACUUM", true],
    ["vacuum (analyze) account", "VACUUM", true],
    ["vacuum (full, analyze) account", "VACUUM FULL", true],
    ["vacuum (full false) account", "VACUUM", true],
    ["reindex schema public", "REINDEX", true],
    ["reindex (concurrently off) schema public", "REINDEX", true],
    ["reindex database hellojohn", "REINDEX", true],
    ["reindex system hellojohn", "REINDEX", true],
    ["cluster", "CLUSTER", true],
    ["alter system set work_mem = '1MB'", "ALTER SYSTEM", false],
    ["create database other", "CREATE DATABASE", false],
    ["drop database other", "DROP DATABASE", false],
    ["create tablespace fast location '/fast'", "CREATE TABLESPACE", false],
    ["drop tablespace fast", "DROP TABLESPACE", false],
    ["create subscription s connection '' publication p", "CREATE SUBSCRIPTION", false],
    ["create subscription s connection '' publication p with (connect = true)", "CREATE SUBSCRIPTION", false],
    ["drop subscription s", "DROP SUBSCRIPTION", false],
  ])("sends %j alone", (sql, command, repeatable) => {
    expect(classifyStatement(treeOf(sql))).toEqual({ kind: "alone", command, repeatable });
  });

  test.each([
    ["create index concurrently i on t (a)", { schema: null, name: "i" }, { schema: null, name: "t" }],
    [
      'create unique index concurrently if not exists "I" on auth."T" (a)',
      { schema: "auth", name: "I" },
      { schema: "auth", name: "T" },
    ],
  ])("knows index and table of %j", (sql, index, table) => {
    expect(classifyStatement(treeOf(sql))).toEqual({ kind: "create_index_concurrently", index, table, detach: false });
  });

  test.each([
    [
      "reindex index concurrently auth.account_id",
      { of: "index", name: { schema: "auth", name: "account_id" }, hasOptions: false },
    ],
    [
      "reindex (verbose, concurrently) table account",
      { of: "table", name: { schema: null, name: "account" }, hasOptions: true },
    ],
    ["reindex schema concurrently auth", { of: "schema", schema: "auth" }],
    ["reindex database concurrently hellojohn", { of: "database" }],
  ])("knows the scope of %j", (sql, scope) => {
    expect(classifyStatement(treeOf(sql))).toEqual({ kind: "reindex_concurrently", scope });
  });

  test("knows the partition that is detached concurrently, and from what", () => {
    const sql = 'alter table only auth.measurement detach partition "M_2024" concurrently';
    expect(classifyStatement(treeOf(sql))).toEqual({
      kind: "detach_partition_concurrently",
      table: { schema: "auth", name: "measurement" },
      partition: { schema: null, name: "M_2024" },
    });
  });

  test("knows the index that is dropped concurrently, with its schema", () => {
    expect(classifyStatement(treeOf('drop index concurrently if exists auth."I"'))).toEqual({
      kind: "drop_index_concurrently",
      indexes: [{ schema: "auth", name: "I" }],
    });
  });
});

describe("objectionTo", () => {
  test.each([
    ["begin", "BEGIN"],
    ["start transaction", "START TRANSACTION"],
    ["commit", "COMMIT"],
    ["end", "COMMIT"],
    ["rollback", "ROLLBACK"],
    ["abort", "ROLLBACK"],
    ["savepoint a", "SAVEPOINT"],
    ["rollback to a", "ROLLBACK TO"],
    ["release a", "RELEASE"],
    ["prepare transaction 'a'", "PREPARE TRANSACTION"],
    ["commit prepared 'a'", "COMMIT PREPARED"],
    ["discard all", "DISCARD"],
    ["discard temp", "DISCARD"],
    ["copy account from stdin", "COPY FROM STDIN"],
    ["copy account to stdout", "COPY TO STDOUT"],
    ["copy (select 1) to stdout", "COPY TO STDOUT"],
    ["select pg_advisory_unlock(1)", "pg_advisory_unlock"],
    ["select pg_catalog.pg_advisory_unlock_all()", "pg_advisory_unlock"],
    ["select * from (select 1 where pg_advisory_unlock_shared(1)) as hidden", "pg_advisory_unlock"],
  ])("refuses %j", (sql, command) => {
    expect(objectionTo(treeOf(sql))).toEqual({ message: `${command} inside a migration`, hint: expect.any(String) });
  });

  test("refuses an index without a name that is built concurrently, as it could not be found again", () => {
    expect(objectionTo(treeOf("create index concurrently on account (id)"))).toEqual({
      message: "CREATE INDEX CONCURRENTLY without a name",
      hint: expect.stringContaining("Name the index"),
    });
  });

  test.each([
    "create index on account (id)",
    "copy account from '/tmp/account'",
    "select pg_advisory_xact_lock(1)",
    "select 'pg_advisory_unlock(1)'",
    "create function pg_advisory_unlocker() returns void language sql as 'select 1'",
    "vacuum account",
  ])("has nothing against %j", (sql) => {
    expect(objectionTo(treeOf(sql))).toBeNull();
  });
});

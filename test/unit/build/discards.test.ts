// What a statement of a down script takes away, as its syntax tree says it.
import { beforeAll, describe, expect, test } from "vitest";
import { effectsOf } from "../../../src/build/discards.ts";
import { loadParser, parseSql } from "../../../src/build/parse-sql.ts";
import type { Effect, Reach } from "../../../src/migration/effect.ts";
import { manifestOf } from "../../support/manifest.ts";

beforeAll(loadParser);

function effects(sql: string): readonly Effect[] {
  const parsed = parseSql(sql);
  if ("offset" in parsed) throw new TypeError(`${parsed.message}: ${sql}`);
  return parsed.flatMap(({ tree }) => effectsOf(tree));
}

const table = (name: string, schema: string | null = null) => ({ schema, name });
const dropTable = (name: string, schema?: string): Effect => ({ effect: "drop_table", table: table(name, schema) });
const empty = (name: string, reach: Reach): Effect => ({ effect: "empty_table", table: table(name), reach });
const unseen = (what: string): Effect => ({ effect: "unseen", what });

describe("effectsOf", () => {
  test.each<[string, readonly Effect[]]>([
    ["drop table a", [dropTable("a")]],
    ["drop table if exists a, S.b cascade", [dropTable("a"), dropTable("b", "s")]],
    ['drop table "A.b"', [dropTable("A.b")]],
    ["drop table here.s.a", [dropTable("a", "s")]],
    [
      "drop schema s, t cascade",
      [
        { effect: "drop_schema", schema: "s" },
        { effect: "drop_schema", schema: "t" },
      ],
    ],
    [
      "alter table s.a drop column x, drop column if exists y cascade, add column z int, drop constraint c",
      [
        { effect: "drop_column", table: table("a", "s"), column: "x" },
        { effect: "drop_column", table: table("a", "s"), column: "y" },
      ],
    ],
    ["truncate a, only b", [empty("a", "only"), empty("b", "only")]],
    ["truncate a cascade", [empty("a", "truncated")]],
    ["delete from a", [empty("a", "deleted")]],
    ["delete from a using b", [empty("a", "deleted")]],
    ["with m as (delete from a returning *) insert into b select * from m", [empty("a", "deleted")]],
    ["explain analyze delete from a", [empty("a", "deleted")]],
    ["alter table s.a rename to b", [{ effect: "rename_table", table: table("a", "s"), to: table("b", "s") }]],
    ["alter table a set schema t", [{ effect: "rename_table", table: table("a"), to: table("a", "t") }]],
    ["alter table a rename column x to y", [{ effect: "rename_column", table: table("a"), column: "x", to: "y" }]],
    ["alter schema s rename to t", [{ effect: "rename_schema", schema: "s", to: "t" }]],
    [
      "select f(1), s.g(h(2))",
      [
        { effect: "call", function: table("f") },
        { effect: "call", function: table("g", "s") },
        { effect: "call", function: table("h") },
      ],
    ],
  ])("reads %j", (sql, expected) => {
    expect(effects(sql)).toEqual(expected);
  });

  test.each([
    ["do $$ begin delete from a; end $$", "a DO block"],
    ["execute cleanup", "EXECUTE"],
    ["call cleanup()", "CALL"],
    ["set search_path = other", "SET search_path"],
    ["reset search_path", "SET search_path"],
    ["select set_config('search_path', 'other', true)", "set_config()"],
    ["delete from a where id = 1", "DELETE FROM a ... WHERE"],
    ["update s.a set x = 1", "UPDATE a"],
    ["merge into a using b on a.id = b.id when matched then delete", "MERGE INTO a"],
    ["insert into a values (1) on conflict (id) do update set x = 1", "INSERT INTO a ... DO UPDATE"],
    ["alter table a alter column x type date using x::date", "ALTER TABLE a ... TYPE"],
    ["drop extension citext", "DROP EXTENSION"],
    ["drop type mood cascade", "DROP TYPE ... CASCADE"],
    ["drop domain email cascade", "DROP DOMAIN ... CASCADE"],
    ["drop owned by somebody", "DROP OWNED"],
    ["alter type pair drop attribute x cascade", "ALTER TYPE ... DROP ATTRIBUTE"],
  ])("says of %j that it cannot be looked into", (sql, what) => {
    expect(effects(sql)).toEqual([unseen(what)]);
  });

  test("says so where a rename may not happen", () => {
    for (const end of ["rename to b", "rename column x to y", "set schema s"]) {
      expect(effects(`alter table if exists a ${end}`)).toContainEqual(
        unseen("ALTER TABLE IF EXISTS ... to another name"),
      );
    }
  });

  test.each([
    "drop index a_idx",
    "drop view v cascade",
    "drop materialized view m",
    "drop function f cascade",
    "drop schema s",
    "drop type mood",
    "alter table a drop constraint c",
    "alter table a rename constraint c to d",
    "alter index i rename to j",
    "create table a (id int)",
    "insert into a values (1) on conflict do nothing",
    "create function f() returns void language sql begin atomic delete from a; end",
    "create rule r as on insert to a do instead delete from b",
    "create view v as select f(1)",
    "prepare p as delete from a",
    "set lock_timeout = '1s'",
    "comment on table a is 'delete from a'",
  ])("finds nothing lost in %j", (sql) => {
    expect(effects(sql)).toEqual([]);
  });
});

test("a manifest has the effects of its down scripts, and of those alone", () => {
  const [migration] = manifestOf({
    "1_a.up.sql": "drop table b; create table a ();",
    "1_a.down.sql": "drop table a; create table b ();",
  }).migrations;
  expect(migration?.up.statements.map(({ effects }) => effects)).toEqual([undefined, undefined]);
  expect(migration?.down?.statements.map(({ effects }) => effects)).toEqual([[dropTable("a")], []]);
});

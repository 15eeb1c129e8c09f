// Which changes of a type write a table or an index anew, or read the table: what the rules think of each, held against what
// PostgreSQL does.
import pg from "pg";
import { beforeAll, describe, expect, it } from "vitest";
import { foresee } from "../../src/build/foresee.ts";
import { loadParser } from "../../src/build/parse-sql.ts";
import { createTestDatabase, postgresVersions, type TestDatabase } from "../support/database.ts";
import { manifestOf } from "../support/manifest.ts";

await loadParser();

const CHANGES: readonly (readonly [from: string, to: string])[] = [
  ["int", "bigint"],
  ["bigint", "int"],
  ["int", "text"],
  ["varchar(10)", "varchar(20)"],
  ["varchar(20)", "varchar(10)"],
  ["varchar(10)", "varchar"],
  ["varchar(10)", "text"],
  ["varchar", "text"],
  ["text", "varchar"],
  ["text", "varchar(10)"],
  ["char(10)", "text"],
  ["numeric(10,2)", "numeric(12,2)"],
  ["numeric(10,2)", "numeric(12,3)"],
  ["numeric(10,2)", "numeric"],
  ["numeric(10)", "numeric(12)"],
  ["numeric", "numeric(10,2)"],
  ["timestamp(3)", "timestamp(6)"],
  ["timestamp(6)", "timestamp(3)"],
  ["timestamp(3)", "timestamp"],
  ["timestamp", "timestamptz"],
  ["timestamptz", "timestamp"],
  ["timestamptz(3)", "timestamp"],
  ["timestamptz", "timestamp(3)"],
  ["time(3)", "time"],
  ["date", "timestamp"],
  ["varbit(10)", "varbit(20)"],
  ["json", "jsonb"],
  ["text[]", "varchar[]"],
  ["text", "text"],
  ["varchar(10)", "varchar(20) using c"],
  ["varchar(10)", "text using c::text"],
  ["varchar(10)", "text using cast(c as text)"],
  ["varchar(10)", "text using trim(c)"],
  ["varchar(10)", "text using c::varchar(3)"],
  ["varchar(10)", "varchar(20) using c::varchar(5)"],
  ["varchar(10)", "varchar(5) using c::varchar(5)"],
  ["timestamptz", "timestamp using c::timestamp"],
  ["timestamptz", "timestamp using c at time zone 'UTC'"],
];

/** Of `create table t (id int, c FROM)`: what more there is, and what PostgreSQL says that it does for the change. */
const DEPENDENT: readonly (readonly [from: string, more: string, to: string, work: "build" | "scan" | null])[] = [
  ["varchar(10)", "create index on t (c)", "varchar(20)", null],
  ["varchar(10)", "create index on t (c)", "text", null],
  ["varchar(10)", "create index on t (c)", "text using c::text", null],
  ["varchar(10)", "create index on t (c)", 'text collate "C"', "build"],
  ["varchar(10)", "create index on t (id)", 'text collate "C"', null],
  ["varchar(10)", "create index on t (lower(c))", "varchar(20)", "build"],
  ["varchar(10)", "create index on t (c, (id + 1))", "varchar(20)", "build"],
  ["varchar(10)", "create index on t (c) where id > 0", "varchar(20)", "build"],
  ["varchar(10)", "create index on t (id) where c is not null", "varchar(20)", "build"],
  ["varchar(10)", "create index on t (id) where id > 0", "varchar(20)", null],
  ["varchar(10)", "alter table t add unique (c)", "varchar(20)", null],
  ["numeric(10,2)", "create index on t (c)", "numeric(12,2)", null],
  ["numeric(10,2)", "create index on t (id) where c > 0", "numeric(12,2)", "build"],
  ["timestamp", "create index on t (c)", "timestamptz", "build"],
  ["timestamp", "create index on t (id, c)", "timestamptz", "build"],
  ["timestamp", "alter table t add unique (c)", "timestamptz", "build"],
  ["timestamptz", "alter table t add primary key (c)", "timestamp", "build"],
  ["timestamp(3)", "create index on t (c)", "timestamp", null],
  ["timestamp", "", "timestamptz", null],
  ["varchar(10)", "alter table t add check (c <> '')", "varchar(20)", "scan"],
  ["varchar(10)", "alter table t add check (id > 0)", "varchar(20)", null],
  ["varchar(10)", "alter table t add check (c <> '') not valid", "varchar(20)", null],
  ["varchar(10)", "alter table t add check (c <> ''); create index on t (lower(c))", "text", "build"],
];

describe.each(postgresVersions)("on PostgreSQL $version, in a session of a run,", ({ url }) => {
  let database: TestDatabase;
  let client: pg.Client;

  beforeAll(async () => {
    database = await createTestDatabase(url);
    client = new pg.Client({ connectionString: database.url, application_name: "test" });
    await client.connect();
    await client.query("set timezone = 'UTC'");
    return async () => {
      await client.end();
      await database.drop();
    };
  });

  it.each(CHANGES)("%s to %s is written anew where the rules say so, and nowhere else", async (from, to) => {
    const before = `create table t (c ${from});`;
    const change = `alter table t alter c type ${to}${to === "jsonb" ? " using c::jsonb" : ""};`;
    await client.query(`drop table if exists t; ${before}`);
    const node = await fileNode();
    await client.query(change);
    const isRewritten = (await fileNode()) !== node;
    expect(foundIn(before, change).rules).toEqual(isRewritten ? ["change-column-type"] : []);
  });

  it.each(DEPENDENT)("%s with %s to %s: %s", async (from, more, to, work) => {
    const before = `create table t (id int, c ${from}); ${more};`;
    const change = `alter table t alter c type ${to};`;
    await client.query(`drop table if exists t; ${before}`);
    const said: string[] = [];
    const listen = ({ message = "" }) => void said.push(message);
    client.on("notice", listen);
    await client.query(`begin; set local client_min_messages = debug1; ${change} commit`);
    client.off("notice", listen);
    const isSaid = (text: string) => said.some((message) => message.startsWith(text) && message.includes('table "t"'));
    expect([isSaid("building index"), isSaid("verifying table"), isSaid("rewriting table")]).toEqual([
      work === "build",
      work === "scan" || (work === "build" && more.includes("check")),
      false,
    ]);
    expect(foundIn(before, change)).toEqual({
      rules: work === null ? [] : ["change-indexed-column-type"],
      locks: [{ table: { schema: null, name: "t" }, mode: "AccessExclusiveLock", work }],
    });
  });

  function foundIn(before: string, change: string) {
    const { manifest } = foresee(manifestOf({ "1_a.up.sql": before, "2_b.up.sql": change }));
    const { hazards = [], locks = [] } = manifest.migrations[1]?.foreseen ?? {};
    return { rules: hazards.map(({ rule }) => rule), locks: locks.flat() };
  }

  async function fileNode(): Promise<string> {
    const { rows } = await client.query("select pg_relation_filenode('t')::text as node");
    return rows[0].node;
  }
});

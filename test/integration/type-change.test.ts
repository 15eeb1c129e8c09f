// Which changes of a type write a table anew: what the rules think of each, held against what PostgreSQL does.
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
    const { manifest } = foresee(manifestOf({ "1_a.up.sql": before, "2_b.up.sql": change }));
    const rules = manifest.migrations[1]?.foreseen?.hazards.map(({ rule }) => rule);
    expect(rules).toEqual(isRewritten ? ["change-column-type"] : []);
  });

  async function fileNode(): Promise<string> {
    const { rows } = await client.query("select pg_relation_filenode('t')::text as node");
    return rows[0].node;
  }
});

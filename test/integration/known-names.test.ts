// What constraints and indexes without a name are called: what is thought of it, held against what PostgreSQL calls them.
import pg from "pg";
import { beforeAll, describe, expect, it } from "vitest";
import { loadParser, parseSql } from "../../src/build/parse-sql.ts";
import { readStatement } from "../../src/build/read-actions.ts";
import { type GrowingSchema, learn } from "../../src/hazards/known-schema.ts";
import { createTestDatabase, postgresVersions, type TestDatabase } from "../support/database.ts";

await loadParser();

const TABLE = "create table t (a int, b int, c text);";
const CASES = [
  "create table t (a int primary key)",
  "create table t (a int unique, b int, unique (a, b))",
  "create table t (a int check (a > 0) check (a < 9))",
  "create table t (a int, b int, check (a > b))",
  "create table t (a int, b int, check (a > 0), check (a > 0 and a < 9))",
  `${TABLE} alter table t add check (1 > 0)`,
  `${TABLE} alter table t add column d int check (d > a)`,
  "create table p (a int unique, b int, unique (a, b)); create table t (a int references p (a), b int, foreign key (a, b) references p (a, b))",
  `${TABLE} create index on t (a, b)`,
  `${TABLE} create index on t (a); create index on t (a)`,
  `${TABLE} create index on t ((a + b))`,
  `${TABLE} create unique index u on t (a); alter table t add unique using index u`,
  `${TABLE} create unique index u on t (a); alter table t add constraint k unique using index u`,
  `${TABLE} create unique index u on t (a); alter table t add constraint k primary key using index u; alter index k rename to m`,
  `${TABLE} alter table t add unique (a), add check (b > 0); alter table t rename constraint t_b_check to x`,
  `${TABLE} alter table t add unique (a, b), add check (b > 0 or c = ''); create index on t (lower(c)); alter table t drop column b`,
  `${TABLE} create index i on t (a) where c <> ''; create index j on t (lower(c)); create index k on t (a); alter table t drop column c`,
];

describe.each(postgresVersions)("on PostgreSQL $version", ({ url }) => {
  let database: TestDatabase;
  let client: pg.Client;

  beforeAll(async () => {
    database = await createTestDatabase(url);
    client = new pg.Client({ connectionString: database.url, application_name: "test" });
    await client.connect();
    return async () => {
      await client.end();
      await database.drop();
    };
  });

  it.each(CASES)("%s", async (sql) => {
    await client.query(`begin; ${sql}`);
    const { rows } = await client.query<{ name: string }>(NAMES);
    await client.query("rollback");
    const parsed = parseSql(sql);
    if ("offset" in parsed) throw new TypeError(parsed.message);
    const actions = parsed.flatMap((statement) => readStatement(statement).actions);
    const table = actions.reduce<GrowingSchema>((schema, action) => learn(schema, action, "1"), new Map()).get("t");
    const known = [...(table?.constraints.keys() ?? []), ...(table?.indexes.keys() ?? [])];
    // What an index is called for a function in it depends on the function.
    expect(known.map((name) => name.replace("t_expr_idx", "t_lower_idx")).sort()).toEqual(
      rows.map(({ name }) => name.replace("t_expr_idx", "t_lower_idx")).sort(),
    );
  });
});

/** PostgreSQL 18 has NOT NULL as constraints too, of which nobody speaks by name. */
const NAMES = `select conname as name from pg_constraint where conrelid = 't'::regclass and contype <> 'n'
union select relname from pg_index join pg_class on oid = indexrelid where indrelid = 't'::regclass`;

// The foresight of locks, held against the server for more statements than the rules have examples of.
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadParser } from "../../src/build/parse-sql.ts";
import { EXAMPLE_SCHEMA } from "../../src/hazards/example-schema.ts";
import { strongest } from "../../src/hazards/locks-of.ts";
import type { LockMode, TableLock } from "../../src/migration/foreseen.ts";
import { createTestDatabase, postgresVersions, type TestDatabase } from "../support/database.ts";
import { judgedExample } from "../support/judged-example.ts";

await loadParser();

/** More tables: a key of text, one that it leads to, partitions of partitions, and a foreign key to what is no primary key. */
const MORE = `create table country (code varchar(2) primary key, name text);
create table city (id bigint primary key, country varchar(2) references country);
insert into country values ('at', 'Austria');
insert into city values (1, 'at');
create table metric (id bigint not null, day int not null, region int not null) partition by list (region);
create table metric_1 partition of metric for values in (1) partition by list (day);
create table metric_1_1 partition of metric_1 for values in (1);
create table metric_2 (id bigint not null, day int not null, region int not null);
alter table metric attach partition metric_2 for values in (2);
insert into metric select n, 1, 1 + n % 2 from generate_series(1, 10) n;
create domain score as int;
create table game (id bigint not null, points score, happened_at timestamp, title varchar(9), constraint game_title check (title <> ''));
insert into game values (1, 1, now(), 'a');
create unique index game_id on game (id);
create unique index game_points on game (points);
create index game_happened_at on game (happened_at);
create table medal (id bigint);
alter table metric add constraint metric_check check (id > 0), add constraint metric_key unique (id, day, region);
create domain degree as int;
create table weather (id bigint not null, degrees degree) partition by list (id);
create table weather_1 partition of weather for values in (1);
insert into weather values (1, 20);
create table player (id bigint primary key, handle text not null);
create unique index player_handle_idx on player (handle);
create table seat (id bigint primary key, player text references player (handle));
`;

/** Each alone in a transaction. */
const STATEMENTS = [
  "alter table account add column x int",
  "alter table account add column x jsonb not null default '{}'::jsonb",
  "alter table account add column x uuid default gen_random_uuid()",
  "alter table account add column x bigint generated always as identity",
  "alter table account add column x text unique",
  "alter table account alter column last_seen_at type timestamptz(3)",
  "alter table account alter column balance type numeric(12, 2)",
  "alter table account alter column name set statistics 100",
  "alter table account set (fillfactor = 80)",
  "alter table account replica identity full",
  "alter table account rename constraint account_organization_id_fkey to f",
  "alter table session disable trigger session_touch",
  "alter table session force row level security",
  // Foreign keys over a column are made anew with it, and go with it.
  "alter table organization alter column id type integer",
  "alter table account alter column organization_id type integer",
  "alter table country alter column code type varchar(3)",
  "alter table country alter column code type text",
  "alter table city alter column country type varchar(3)",
  "alter table account drop column organization_id",
  "alter table country drop column code cascade",
  "alter table country drop constraint country_pkey cascade",
  "alter table organization drop constraint organization_slug_key",
  "alter table player drop constraint player_pkey",
  "alter table player drop column id",
  "drop index player_handle_idx cascade",
  "create table if not exists session (id bigint primary key references account)",
  "drop table session, invoice",
  "drop table account cascade",
  "drop materialized view plan_count",
  "create table x (id bigint primary key references account, city bigint references city)",
  "create table x (id bigint primary key); alter table x add foreign key (id) references invoice",
  "create table x as select * from account",
  "alter table account validate constraint account_organization_id_fkey",
  // Partitions.
  "alter table metric add column x int",
  "alter table metric add column x uuid default gen_random_uuid()",
  "alter table metric drop column id",
  "alter table metric rename column id to x",
  "alter table metric alter column id set default 1",
  "alter table metric alter column id drop not null",
  "alter table metric alter column id type numeric",
  "alter table metric add check (id > 0)",
  "alter table metric add check (id > 0) not valid",
  "alter table metric enable row level security",
  "alter table metric rename to x",
  "alter table metric_1 add check (id > 0)",
  "alter table metric detach partition metric_1",
  "create index on metric (id)",
  "create index on only metric (id)",
  "create index on metric_1 (id)",
  "create trigger t before update on metric for each row execute function touch()",
  "create table metric_3 partition of metric for values in (3)",
  "drop table metric",
  "drop table metric_1",
  "drop table metric_2",
  "delete from metric",
  "alter table metric rename constraint metric_check to c",
  "alter table metric rename constraint metric_key to c",
  "alter domain degree set not null",
  "lock table metric in share mode",
  "lock table session in exclusive mode",
  "delete from session",
  "refresh materialized view plan_count",
  // What is said of null, of types, and of domains.
  "alter table game add constraint k primary key using index game_id",
  "alter table game add constraint k primary key using index game_points",
  "alter table game add constraint k unique using index game_points",
  "alter table game alter column happened_at type timestamptz",
  "alter table game alter column title type varchar(20)",
  "alter table game alter column title type text using title::text",
  "alter table game alter column title type text using trim(title)",
  "alter table game rename constraint game_title to c",
  "alter domain score add check (value > 0)",
  "alter domain score add check (value > 0) not valid",
  "alter domain score set not null",
  "alter domain score set default 1",
] as const;

describe.each(postgresVersions)("on PostgreSQL $version", ({ url }) => {
  let database: TestDatabase;
  let client: pg.Client;

  beforeAll(async () => {
    database = await createTestDatabase(url);
    await database.query(EXAMPLE_SCHEMA + MORE);
    client = new pg.Client({ connectionString: database.url, application_name: "test" });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  it.each(STATEMENTS)("%s", async (sql) => {
    const [, , judgement] = judgedExample([MORE, `${sql};`]).judgements;
    const foreseen = strongest(judgement?.foreseen.locks.flat() ?? []);
    expect(comparable(await observed(sql))).toEqual(comparable(foreseen));
  });

  async function observed(sql: string): Promise<readonly TableLock[]> {
    // Inside, because what was counted before may reach the statistics between two transactions.
    await client.query("begin");
    try {
      const before = await relations();
      await client.query(sql);
      const after = await relations();
      const { rows } = await client.query<{ id: string; mode: LockMode }>(LOCKS);
      const locks = rows.flatMap(({ id, mode }): readonly TableLock[] => {
        const [was, is] = [before.get(id), after.get(id)];
        if (was === undefined) return [];
        const isRewritten = is !== undefined && is.node !== was.node;
        const isScanned = is !== undefined && is.scans > was.scans;
        const work = isRewritten ? "rewrite" : isScanned ? "scan" : null;
        return [{ table: { schema: null, name: was.name }, mode, work }];
      });
      return strongest(locks);
    } finally {
      await client.query("rollback");
    }
  }

  async function relations() {
    const { rows } = await client.query<{ id: string; name: string; node: string | null; scans: string }>(RELATIONS);
    return new Map(rows.map(({ id, name, node, scans }) => [id, { name, node, scans: Number(scans) }]));
  }
});

/** A lock that only keeps a table from being dropped is nobody's concern. To the server an index build is a scan. */
function comparable(locks: readonly TableLock[]): readonly string[] {
  return locks
    .filter(({ mode }) => mode !== "AccessShareLock" && mode !== "RowShareLock")
    .map(({ table, mode, work }) => `${table.name} ${mode} ${work === "build" ? "scan" : (work ?? "")}`.trim())
    .sort();
}

const RELATIONS = `select c.oid::text as id, c.relname as name, pg_relation_filenode(c.oid)::text as node,
  coalesce(pg_stat_get_xact_numscans(c.oid), 0) as scans
from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'm')`;

const LOCKS = `select relation::text as id, mode from pg_locks
where pid = pg_backend_pid() and locktype = 'relation' and granted`;

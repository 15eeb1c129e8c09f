// What a test of the engine works on: a database, roles and sessions that are gone when the test is over, and what is
// in a database. Cleans up through onTestFinished, which goes backwards: sessions end before their database is dropped.
import { randomUUID } from "node:crypto";
import pg from "pg";
import { onTestFinished } from "vitest";
import { type CountingProxy, type ProxyOptions, startCountingProxy } from "./counting-proxy.ts";
import { createTestDatabase, superuserOf, type TestDatabase } from "./database.ts";

/** A database for the running test alone. */
export async function freshDatabase(serverUrl: string): Promise<TestDatabase> {
  const database = await createTestDatabase(serverUrl);
  onTestFinished(() => database.drop());
  return database;
}

/** A proxy for the running test alone. */
export async function freshProxy(url: string, options?: ProxyOptions): Promise<CountingProxy> {
  const proxy = await startCountingProxy(url, options);
  onTestFinished(() => proxy.close());
  return proxy;
}

/** A role that may log in. */
export interface TestRole {
  readonly name: string;
  /** The same database, entered as this role. */
  readonly urlOf: (url: string) => string;
}

/** A role for the running test alone. Ask for it before the database in which it is to own something. */
export async function freshRole(serverUrl: string, attributes = ""): Promise<TestRole> {
  const name = `role_${randomUUID().replaceAll("-", "")}`;
  const password = `s3cret-${randomUUID()}`;
  await superuserOf(serverUrl).query(`create role ${name} login password '${password}' ${attributes}`);
  onTestFinished(async () => void (await superuserOf(serverUrl).query(`drop role ${name}`)));
  const urlOf = (url: string) => Object.assign(new URL(url), { username: name, password }).href;
  return { name, urlOf };
}

/** A session that stays open until the test is over, or until `end`. */
export async function openSession(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: "bystander" });
  client.on("error", () => undefined);
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** A session with an open transaction that did `sql`, and keeps its locks until `query("commit")`. */
export async function openTransaction(url: string, sql: string): Promise<pg.Client> {
  const client = await openSession(url);
  await client.query("begin");
  await client.query(sql);
  return client;
}

/** A row of the journal as a test reads it. */
export interface JournalRow {
  readonly id: string;
  readonly version: string;
  readonly name: string;
  readonly state: string;
  readonly phase: string;
  readonly is_current: boolean;
  readonly batch: number;
  readonly checksum: string;
  readonly statements_done: number;
  readonly down: { readonly statements: readonly { readonly sql: string }[] } | null;
  readonly run_id: string;
  readonly started_at: Date;
  readonly finished_at: Date | null;
}

/** Every entry, oldest first; fails when there is no journal. */
export function journalOf(database: TestDatabase, table = "public.hj_migration"): Promise<JournalRow[]> {
  return database.query<JournalRow>(`select * from ${table} order by id`);
}

/** The tables of a schema, without the journal. */
export async function tablesOf(database: TestDatabase, schema = "public"): Promise<string[]> {
  const rows = await database.query<{ name: string }>(
    `select relname as name from pg_class where relkind in ('r', 'p') and relname <> 'hj_migration' and relnamespace = (select oid from pg_namespace where nspname = $1) order by relname`,
    [schema],
  );
  return rows.map(({ name }) => name);
}

/** Every relation, column, constraint, function, type and schema that is not the server's own, as text to compare. */
export async function catalogOf(database: TestDatabase): Promise<string[]> {
  const rows = await database.query<{ line: string }>(`
    with own as (select oid, nspname from pg_namespace where nspname not like 'pg\\_%' and nspname <> 'information_schema')
    select concat_ws(' ', 'schema', nspname) as line from own
    union all select concat_ws(' ', 'relation', nspname, relkind, c.oid, c.relfilenode, relname, indisvalid)
      from pg_class c join own on own.oid = relnamespace left join pg_index on indexrelid = c.oid
    union all select concat_ws(' ', 'column', attrelid, attname, format_type(atttypid, atttypmod), attnotnull)
      from pg_attribute join pg_class c on c.oid = attrelid join own on own.oid = relnamespace where attnum > 0
    union all select concat_ws(' ', 'constraint', conrelid, conname, pg_get_constraintdef(c.oid))
      from pg_constraint c join own on own.oid = connamespace
    union all select concat_ws(' ', 'function', nspname, proname, prosrc) from pg_proc join own on own.oid = pronamespace
    union all select concat_ws(' ', 'type', nspname, typname) from pg_type join own on own.oid = typnamespace
    order by 1`);
  return rows.map(({ line }) => line);
}

/** The advisory locks that are held in this database. */
export function advisoryLocksOf(database: TestDatabase): Promise<{ pid: number }[]> {
  return database.query(
    "select pid from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
  );
}

/** The engine's sessions in this database that work, and what they are doing: not the one beside them that looks. */
export function engineSessionsOf(
  database: TestDatabase,
): Promise<{ pid: number; application: string; state: string; waits: string | null; query: string }[]> {
  return database.query(
    "select pid, application_name as application, state, wait_event_type as waits, query from pg_stat_activity where datname = current_database() and application_name like 'hellojohn-migrate%' and application_name not like '% lookout'",
  );
}

/** Those queries that take the run lock, write, or change the schema. */
export function writesIn(queries: readonly string[]): string[] {
  return queries.filter((query) =>
    /pg_try_advisory_lock|\b(?:create|alter|drop|comment on) (?:table|schema|unique|index)|\binsert into|\bupdate "/i.test(
      query,
    ),
  );
}

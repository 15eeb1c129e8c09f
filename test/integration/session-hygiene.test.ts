// What a migration does to its session ends with it: neither the next one nor the journal may feel it.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseSql } from "../../src/build/parse-sql.ts";
import type { Manifest, Script } from "../../src/migration/manifest.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { runEvent, statuses } from "../support/engine.ts";
import { everyPostgresVersion } from "../support/every-version.ts";
import { manifestOf } from "../support/manifest.ts";
import { mislead } from "../support/misleading.ts";
import { advisoryLocksOf, freshDatabase, freshRole, journalOf, tablesOf } from "../support/workplace.ts";

const RUN = { command: "run" };

/** What a session is like, as the migration that runs this sees it. Our frame sets the settings that are left out. */
const NOTE = `create table session_note (note jsonb);
insert into session_note select jsonb_object_agg(name, setting) from pg_settings
  where name not in ('application_name', 'lock_timeout', 'search_path', 'statement_timeout', 'transaction_isolation');
insert into session_note values (jsonb_build_object('user', current_user, 'session_user', session_user,
  'application', regexp_replace(current_setting('application_name'), '[0-9a-f]{8}', 'ID'),
  'search_path', replace(replace(current_setting('search_path'), current_schema, 'SCHEMA'), '"', ''), 'literal', 'a\\b',
  'has_lock_timeout', current_setting('lock_timeout') <> '0', 'has_statement_timeout', current_setting('statement_timeout') <> '0'));`;

let schemas = 0;

/** Runs `sql` and then NOTE, in a schema of its own, and returns what was noted. */
async function notesAfter(database: TestDatabase, sql: string): Promise<{ note: object }[]> {
  const schema = `s${++schemas}`;
  await database.query(`create schema ${schema}`);
  const files = manifestOf({ "0001_leak.up.sql": sql, "0002_note.up.sql": NOTE });
  const report = await runEvent(database.url, files, RUN, { schema });
  expect(report).toMatchObject({ outcome: "applied", counts: { applied: 2 } });
  const entries = await journalOf(database, `${schema}.hj_migration`);
  expect(entries.map(({ version, state }) => [version, state])).toEqual([
    ["0001", "applied"],
    ["0002", "applied"],
  ]);
  return database.query(`select note from ${schema}.session_note`);
}

/** A script as a build would make it that does not look for commands which end a transaction. */
function uncheckedScript(sql: string): Script {
  const parsed = parseSql(sql);
  if ("offset" in parsed) throw new Error(parsed.message);
  const statements = parsed.map(({ start, end }) => ({ start, end, kind: "ordinary" as const }));
  return { file: "0001_a.up.sql", transactional: true, keepsSession: false, timeoutMs: null, sql, statements };
}

describe.each(everyPostgresVersion)("what a migration leaves in its session on PostgreSQL $version", ({ url }) => {
  let database: TestDatabase;
  let clean: { note: object }[];
  beforeAll(async () => {
    database = await createTestDatabase(url);
    clean = await notesAfter(database, "select 1");
  });
  afterAll(() => database.drop());

  it.each([
    ["set role", "set role pg_monitor"],
    ["set local role", "set local role pg_monitor"],
    ["set session authorization", "set session authorization pg_monitor"],
    ["set search_path", "create schema elsewhere; set search_path = elsewhere"],
    ["set search_path to nothing", "select set_config('search_path', '', false)"],
    // Enough for the statement that takes it back, on a machine that is busy.
    ["set statement_timeout", "set statement_timeout = '100ms'"],
    ["set lock_timeout", "set lock_timeout = '1ms'"],
    ["set standard_conforming_strings", "set standard_conforming_strings = off; set backslash_quote = off"],
    ["set application_name", "select set_config('application_name', 'somebody else', false)"],
    [
      "set datestyle and timezone",
      "set datestyle = 'German'; set timezone = 'Asia/Tokyo'; set intervalstyle = 'iso_8601'",
    ],
    ["set client_encoding", "set client_encoding = 'LATIN1'"],
    [
      "set session characteristics",
      "set session characteristics as transaction isolation level serializable, read only",
    ],
    ["set default_transaction_read_only", "set default_transaction_read_only = on"],
    [
      "set row_security and friends",
      "set row_security = off; set check_function_bodies = off; set default_tablespace = ''",
    ],
    ["set idle time-outs", "set idle_session_timeout = '1ms'; set idle_in_transaction_session_timeout = '1ms'"],
    ["set constraints", "set constraints all deferred"],
  ])("by %s changes nothing for the next one, nor where its entry goes", async (_name, sql) => {
    const after = await notesAfter(database, sql);
    expect(after).toHaveLength(2);
    expect(after).toEqual(clean);
  });

  it("by a definition of any kind changes nothing, though nothing is reset behind it", async () => {
    const definitions = `create table a (id int primary key, name text default current_setting('app.name', true));
create table b (id int) partition by range (id); create table b1 partition of b for values from (1) to (9);
create index a_name on a (name); create statistics s on id, name from a;
alter table a add column at timestamptz not null default current_timestamp, add check (id > 0);
comment on table a is 'ours'; create type mood as enum ('sad'); alter type mood add value 'glad';
create type pair as (x int, y int); create domain positive as int check (value > 0);
alter domain positive set not null; create sequence q; alter sequence q increment by 2;
create function f() returns text language sql as $$ select set_config('role', 'pg_monitor', false) $$;
create trigger t before update on a for each row execute function suppress_redundant_updates_trigger();
create policy p on a using (true); alter policy p on a using (false);
create view v as select set_config('search_path', '', false); alter view v owner to current_user;
grant select on a to pg_monitor; alter table a rename to c; drop view v;`;
    const [migration] = manifestOf({ "0001_leak.up.sql": definitions }).migrations;
    expect(migration?.up.keepsSession).toBe(true);
    expect(await notesAfter(database, definitions)).toEqual(clean);
  });

  it.each([
    ["an operator", "alter table a add column b int default (1 @+@ 2)"],
    ["an event trigger", "create table b ()"],
  ])("by a function behind %s changes neither who the session is nor where it works", async (what, sql) => {
    const own = await freshDatabase(url);
    const files = manifestOf({
      "0001_a.up.sql": `create table a (); create schema elsewhere;
create function leak() returns void language sql as $$ select set_config('search_path', 'elsewhere', false), set_config('role', 'pg_monitor', false) $$;
create function plus(int, int) returns int language plpgsql as $$ begin perform leak(); return 3; end $$;
create operator @+@ (function = plus, leftarg = int, rightarg = int);
create function told() returns event_trigger language plpgsql as $$ begin perform leak(); end $$;
insert into a default values;
${what === "an event trigger" ? "create event trigger t on ddl_command_end execute function told()" : ""}`,
      "0002_b.up.sql": sql,
      "0003_c.up.sql": "create table c ()",
    });
    expect(files.migrations.slice(1).map(({ up }) => up.keepsSession)).toEqual([true, true]);
    const report = await runEvent(own.url, files, RUN);
    expect(report).toMatchObject({ outcome: "applied", counts: { applied: 3 } });
    expect(await tablesOf(own)).toContain("c");
  });

  it("hides from the next one neither its number in application_name nor PostgreSQL's rules for strings", () => {
    expect(clean[1]?.note).toEqual({
      user: "postgres",
      session_user: "postgres",
      application: "hellojohn-migrate ID/0 0002",
      search_path: "SCHEMA, pg_temp",
      literal: "a\\b",
      has_lock_timeout: true,
      has_statement_timeout: true,
    });
  });
});

describe.each(everyPostgresVersion)("a migration on PostgreSQL $version", ({ url }) => {
  it("cannot hide the journal or a function behind a temporary one", async () => {
    const database = await freshDatabase(url);
    const files = manifestOf({
      "0001_a.up.sql": "create temporary table hj_migration (version text); create temporary table b (id int)",
      "0002_b.up.sql": "create table b ()",
    });
    expect(await runEvent(database.url, files, RUN)).toMatchObject({ outcome: "applied", counts: { applied: 2 } });
    expect(await journalOf(database)).toHaveLength(2);
    expect(await tablesOf(database)).toEqual(["b"]);
  });

  it("cannot mislead the journal with functions and operators of its own", async () => {
    const database = await freshDatabase(url);
    const files = manifestOf({
      "0001_a.up.sql": `create function now() returns timestamptz language sql as 'select ''epoch''::timestamptz';
create function clock_timestamp() returns timestamptz language sql as 'select ''epoch''::timestamptz';
create function pg_current_xact_id() returns text language sql as 'select ''0''';
create function count(int) returns bigint language sql as 'select 0::bigint';`,
      "0002_b.up.sql": "create table b ()",
    });
    expect(await runEvent(database.url, files, RUN)).toMatchObject({ outcome: "applied", counts: { applied: 2 } });
    const [, entry] = await journalOf(database);
    expect(entry?.started_at.getUTCFullYear()).toBeGreaterThan(2000);
  });

  it("that makes its transaction read-only is undone and says so", async () => {
    const database = await freshDatabase(url);
    const files = manifestOf({ "0001_a.up.sql": "create table a (); set transaction read only" });
    const report = await runEvent(database.url, files, RUN);
    expect(report).toMatchObject({ outcome: "failed", failure: { details: { sqlState: "25006" } } });
    expect(await tablesOf(database)).toEqual([]);
    expect(await journalOf(database)).toEqual([]);
  });

  it.each([
    ["a DO block", "do $$ begin create table sneaked (); commit; end $$"],
    ["a DO block that rolls back", "do $$ begin create table sneaked (); rollback; end $$"],
    ["a procedure", "create procedure p() language plpgsql as 'begin create table sneaked (); commit; end'; call p()"],
    ["an executed command", "do $$ begin create table sneaked (); execute 'commit'; end $$"],
  ])("whose transaction is to be ended by %s fails and leaves nothing", async (_name, sql) => {
    for (const directive of ["", "-- hj:transaction off\n"]) {
      const database = await freshDatabase(url);
      const files = manifestOf({ "0001_a.up.sql": `${directive}${sql}`, "0002_b.up.sql": "create table b ()" });
      const report = await runEvent(database.url, files, RUN);
      expect(report).toMatchObject({ outcome: "failed", failure: { code: "STATEMENT_FAILED" } });
      expect(report.outcome === "failed" && report.failure.details["sqlState"]).toMatch(/^(?:2D000|0A000)$/);
      expect(statuses(report)).toEqual({ "0001": "failed", "0002": "not_reached" });
      expect(await tablesOf(database)).toEqual([]);
    }
  });

  it.each([
    ["rollback; create table sneaked ()"],
    ["create table gone (); rollback"],
    ["rollback; begin; create table sneaked ()"],
  ])("of a build that let `%s` pass is not reported as applied", async (sql) => {
    const database = await freshDatabase(url);
    const compiled = manifestOf({ "0001_a.up.sql": "select 1", "0002_b.up.sql": "create table b ()" });
    const migrations = compiled.migrations.map((migration, index) =>
      index === 0 ? { ...migration, up: uncheckedScript(sql) } : migration,
    );
    const files: Manifest = { ...compiled, migrations };
    const report = await runEvent(database.url, files, RUN);
    expect(report).toMatchObject({
      outcome: "failed",
      failure: { code: "TRANSACTION_ENDED", details: { version: "0001" } },
    });
    expect(statuses(report)).toEqual({ "0001": "failed", "0002": "not_reached" });
    expect(await tablesOf(database)).toEqual([]);
    expect(await journalOf(database)).toEqual([]);
  });

  it("that gives up the run lock is the last one of its run", async () => {
    const database = await freshDatabase(url);
    const files = manifestOf({
      "0001_a.up.sql": "do $$ begin perform pg_advisory_unlock_all(); end $$",
      "0002_b.up.sql": "create table b ()",
    });
    const report = await runEvent(database.url, files, RUN);
    expect(report).toMatchObject({ outcome: "failed", failure: { code: "LOCK_LOST", details: { version: "0002" } } });
    expect(statuses(report)).toEqual({ "0001": "applied", "0002": "failed" });
    expect(await runEvent(database.url, files, RUN)).toMatchObject({ outcome: "applied", counts: { applied: 2 } });
  });

  it("leaves no lock behind that a migration took for its session and gave back", async () => {
    const database = await freshDatabase(url);
    const files = manifestOf({ "0001_a.up.sql": "select pg_advisory_lock(1)" });
    expect(await runEvent(database.url, files, RUN)).toMatchObject({ outcome: "applied" });
    await expect.poll(() => advisoryLocksOf(database)).toEqual([]);
  });

  it("is not misled by functions that a role's search_path puts before PostgreSQL's own", async () => {
    const role = await freshRole(url);
    const database = await freshDatabase(url);
    await database.query(`alter schema public owner to ${role.name}`);
    await mislead(database, role);
    const first = { "0001_a.up.sql": "create table a (id int)", "0001_a.down.sql": "drop table a" };
    const both = { ...first, "0002_b.up.sql": "create index a_id on a (id)", "0002_b.down.sql": "drop index a_id" };
    const outcomes = [];
    for (const [files, event] of [
      [first, { command: "status" }],
      [first, RUN],
      [both, { command: "run", dryRun: true }],
      [both, RUN],
      [both, RUN],
      [both, { command: "list" }],
      [both, { command: "rollback", dryRun: true }],
      [both, { command: "rollback" }],
    ] as const)
      outcomes.push((await runEvent(role.urlOf(database.url), manifestOf(files), event)).outcome);
    expect(outcomes).toEqual([
      "pending",
      "applied",
      "would_apply",
      "applied",
      "up_to_date",
      "listed",
      "would_roll_back",
      "rolled_back",
    ]);
  });

  it.each([
    "default_transaction_read_only = on",
    "default_transaction_isolation = 'serializable'",
    "search_path = pg_catalog",
    "statement_timeout = '200ms'",
    "lock_timeout = '1ms'",
    "timezone = 'Asia/Tokyo'",
    "datestyle = 'German'",
    "standard_conforming_strings = off",
    "client_encoding = 'LATIN1'",
  ])("is not misled by a role that has set %s", async (setting) => {
    const role = await freshRole(url);
    const database = await freshDatabase(url);
    await database.query(`alter schema public owner to ${role.name}`);
    await database.query(`alter role ${role.name} in database ${database.name} set ${setting}`);
    // Longer than a time-out of the role, which is long enough for connecting on a busy machine.
    const slowly = setting.startsWith("statement_timeout") ? "select pg_sleep(0.25);" : "";
    const files = manifestOf({
      "0001_a.up.sql": `create table a (name text default 'C:\\temp'); ${slowly}`,
      "0002_b.up.sql": `-- hj:transaction off\ninsert into a values ('kůň'); ${slowly}`,
      "0003_c.up.sql": "create index concurrently a_name on a (name)",
    });
    const report = await runEvent(role.urlOf(database.url), files, RUN);
    expect(report).toMatchObject({ outcome: "applied", counts: { applied: 3 } });
    // Read by another role, to which none of it applies.
    const times = (await journalOf(database)).map(({ finished_at }) => finished_at?.toISOString());
    expect(report.migrations.map(({ appliedAt }) => appliedAt)).toEqual(times);
    const listed = await runEvent(role.urlOf(database.url), files, { command: "list" });
    expect(listed.migrations.map(({ appliedAt }) => appliedAt)).toEqual(times);
    expect(await database.query("select name from a")).toEqual([{ name: "kůň" }]);
    const [column] = await database.query("select pg_get_expr(adbin, adrelid) as value from pg_attrdef");
    expect(column.value).toBe("'C:\\temp'::text");
  });
});

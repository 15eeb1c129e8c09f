// What is counted of a run besides its migrations.
import { expect, test } from "vitest";
import { OWN } from "../../../bench/side-by-side/migrations.ts";
import { wireFigures } from "../../../bench/side-by-side/wire-figures.ts";

const figuresOf = (...queries: string[]) => wireFigures({ connections: 1, roundTrips: queries.length, queries });

test.each([
  "select pg_try_advisory_lock(1)",
  "SELECT PG_ADVISORY_XACT_LOCK(1)",
  "lock table ledger in exclusive mode",
  "select * from ledger for update",
  'update "knex_migrations_lock" set "is_locked" = $1 where "is_locked" = $2',
])("%s is a lock", (query) => {
  expect(figuresOf(query)).toMatchObject({ locks: 1, ddl: 0 });
});

test.each([
  "select pg_advisory_unlock(1)",
  'update "knex_migrations_lock" set "is_locked" = $1',
  "select * from pg_locks",
  "begin",
])("%s is none", (query) => {
  expect(figuresOf(query)).toMatchObject({ locks: 0, ddl: 0 });
});

test("statements of one message are counted one by one", () => {
  const message = "\n  create schema if not exists s;\n\n  create table if not exists s.t (id int);\n select 1";
  expect(figuresOf(message)).toMatchObject({ roundTrips: 1, ddl: 2 });
});

test("a migration's own statements are no DDL of the tool, also where both are in one message", () => {
  const message = `begin;create table ledger (v int);create table ${OWN}_1 ();comment on table ${OWN}_1 is 'x';commit`;
  expect(figuresOf(message)).toMatchObject({ ddl: 1, locks: 0 });
});

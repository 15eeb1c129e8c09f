import { beforeAll, describe, expect, test } from "vitest";
import { keepsSession } from "../../../src/build/keeps-session.ts";
import { loadParser } from "../../../src/build/parse-sql.ts";
import { treeOf } from "../../support/syntax-tree.ts";

beforeAll(loadParser);

describe("keepsSession", () => {
  test.each([
    "create table account (id bigint primary key, at timestamptz default now(), check (length(name) > 1), name text)",
    "create table part partition of account for values from (1) to (2)",
    "create unique index account_name on account (name) where name > ''",
    "alter table account add column at timestamptz not null default current_timestamp",
    "alter table account add constraint c check (id > 0) not valid",
    "alter table account rename column name to title",
    "comment on table account is 'pg, temp'",
    "create type mood as enum ('sad')",
    "create function f() returns int language sql as 'select set_config(''a.b'', '''', false)::int'",
    "create view v as select now()",
    "create policy p on account using (id = current_setting('app.id')::bigint)",
    "create trigger t before insert on account for each row execute function f()",
    "grant select on account to public",
    "drop table account",
  ])("is true of %j", (sql) => {
    expect(keepsSession(treeOf(sql))).toBe(true);
  });

  test.each([
    "set role somebody",
    "reset all",
    "set constraints all deferred",
    "commit",
    "do $$ begin end $$",
    "call p()",
    "select 1",
    "insert into account values (1)",
    "create table copy as select * from account",
    "create materialized view v as select 1",
    "prepare q as select 1",
    "listen news",
    "lock table account",
    "create extension pgcrypto",
    "create schema s create table t ()",
    "create temporary table account (id int)",
    "create table pg_temp.account (id int)",
    "create temp view v as select 1",
    "create function pg_temp.f() returns int language sql as 'select 1'",
    "create type pg_temp.mood as enum ('sad')",
    "alter table account add column token text default f()",
    "alter table account alter column id type text using f(id)",
    "alter table account add constraint c check (f(id))",
    "create index account_f on account (f(id))",
    "create table part partition of account for values from (f(1)) to (2)",
    "create table account (id int) partition by range (f(id))",
    "create table account (id int, twice int generated always as (f(id)) stored)",
    "alter domain d add check (f(value))",
  ])("is false of %j", (sql) => {
    expect(keepsSession(treeOf(sql))).toBe(false);
  });
});

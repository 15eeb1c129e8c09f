// What people write every day, beside the examples of the rules: what must stay quiet, and what must not slip through.
import { expect, test } from "vitest";
import { loadParser } from "../../../src/build/parse-sql.ts";
import { hazardsOf, judgedExample } from "../../support/judged-example.ts";

await loadParser();

const CHILD = "create table x (id bigint primary key references account (id));";

test.each<[what: string, files: readonly string[]]>([
  [
    "a DO block that creates a type, behind a new table with a foreign key",
    [`${CHILD}\ndo $$ begin create type k as enum ('a'); exception when duplicate_object then null; end $$;`],
  ],
  [
    "a row that is inserted only where it is not there yet",
    [`${CHILD}\ninsert into invoice (id, account_id) select 1, 1 where not exists (select from invoice where id = 1);`],
  ],
  ["rows by VALUES behind it", [`${CHILD}\ninsert into x values (1), (2) on conflict do nothing;`]],
  [
    "generated rows behind it",
    [`${CHILD}\ninsert into invoice (id, account_id) select n, 1 from generate_series(1, 3) n;`],
  ],
  ["an index of the new table behind it", [`${CHILD}\ncreate index x_idx on x (id, id);`]],
  [
    "an empty copy under a lock",
    ["alter table account add a int;\ncreate table x as select * from session with no data;"],
  ],
  ["a view under a lock", ["alter table account add a int;\ncreate view v as select * from session;"]],
  [
    "a partitioned table that is altered twice, once with its partitions and once without",
    [
      "-- hj:allow row-security event it has its policies\nalter table event enable row level security;\nalter table event add a int;",
    ],
  ],
  [
    "default rights in the file of the new table",
    [
      "grant select on account to public;",
      "alter default privileges grant select on tables to public;\ncreate table t (id bigint primary key);",
    ],
  ],
  [
    "a grant on all tables behind the new one",
    [
      "grant select on account to public;",
      "create table t (id bigint primary key);\ngrant select on all tables in schema public to public;",
    ],
  ],
  [
    "a new table that is given away, with all rights on it",
    ["grant select on account to public;", "create table t (id bigint primary key);\nalter table t owner to app;"],
  ],
  [
    "a table that is there already, and IF NOT EXISTS",
    ["create table if not exists session (id serial primary key, data json);"],
  ],
  [
    "a new table, and DROP TABLE IF EXISTS before it",
    ["drop table if exists audit;\ncreate table audit (id bigint primary key);"],
  ],
  ["an index that no migration made, and IF EXISTS", ["drop index if exists account_legacy_idx;"]],
  [
    "an enum that is replaced under its name",
    [
      "create type plan_new as enum ('free', 'paid', 'team');\nalter type plan rename to plan_old;\nalter type plan_new rename to plan;\ndrop type plan_old;",
    ],
  ],
  [
    "a type that another one replaces under its name, dropped first",
    ["create type plan_new as enum ('free');\ndrop type plan;\nalter type plan_new rename to plan;"],
  ],
  [
    "a default that the same transaction puts back",
    ["alter table account alter locale drop default;\nalter table account alter locale set default 'en';"],
  ],
  [
    "a key that is dropped, where no foreign key leads to it",
    [
      "create table player (id bigint primary key, handle text not null unique);\ncreate table seat (id bigint primary key, handle text unique references player (handle));",
      "create unique index concurrently player_id_idx on player (id);",
      "alter table player add column score int;\nalter table player drop constraint player_pkey;",
    ],
  ],
  [
    "a new table where only the schema was granted before",
    ["grant usage on schema public to public;", "create table t (id bigint primary key);"],
  ],
])("nothing is found of %s", (_what, files) => {
  const [, ...judgements] = judgedExample(files).judgements;
  const hazards = judgements.flatMap(({ foreseen }) => foreseen.hazards);
  expect(hazards.filter(({ allowed }) => allowed === null)).toEqual([]);
});

test.each<[what: string, files: readonly string[], expected: readonly string[]]>([
  [
    "a foreign key that the new table gets in a statement of its own",
    [
      "create table x (id bigint primary key);\nalter table x add foreign key (id) references account;\ninsert into x select id from session;",
    ],
    ["create-table-references account"],
  ],
  [
    "a table that is filled from another one under a lock",
    ["alter table account add a int;\ncreate table x as select * from session;"],
    ["slow-work-under-lock account"],
  ],
  [
    "once for each file what is slow under one lock, and not what comes before the lock",
    [
      "insert into invoice select id from session;\nalter table account add a int;\ncall fill();\ninsert into invoice select id from session;",
      "alter table account add b int;\ncall fill();",
    ],
    ["slow-work-under-lock account", "slow-work-under-lock account"],
  ],
  [
    "SELECT INTO under a lock",
    ["alter table account add a int;\nselect * into x from session;"],
    ["slow-work-under-lock account"],
  ],
  [
    "a materialized view that is computed under a lock",
    [
      "alter table account add a int;\ncreate materialized view x as select * from session union select * from session;",
    ],
    ["slow-work-under-lock account"],
  ],
  ["a procedure under a lock", ["alter table account add a int;\ncall fill();"], ["slow-work-under-lock account"]],
  [
    "another table's constraint that is validated under a lock",
    [
      "alter table session add constraint c check (id > 0) not valid;",
      "alter table account add a int;\nalter table session validate constraint c;",
    ],
    ["slow-work-under-lock account"],
  ],
  [
    "rows that MERGE changes under a lock",
    [
      "alter table account add a int;\nmerge into session s using account a on a.id = s.id when matched then update set data = '';",
    ],
    ["unbatched-rows session"],
  ],
  [
    "a table without rights, though the schema and all tables of then were granted",
    [
      "grant usage on schema public to public;\ngrant select on all tables in schema public to public;",
      "create table t (id bigint primary key);",
    ],
    ["missing-grant t"],
  ],
  [
    "an index of a table that was there, behind CREATE TABLE IF NOT EXISTS",
    ["create table if not exists session (id bigint);\ncreate index on session (token);"],
    ["create-index session"],
  ],
  [
    "a type that is renamed, once, though it is dropped under its new name",
    ["alter type plan rename to plan_old;\ndrop type plan_old cascade;"],
    ["rename-table plan"],
  ],
  [
    "an enum that is replaced statement by statement",
    [
      "-- hj:transaction off\ncreate type plan_new as enum ('free');\nalter type plan rename to plan_old;\nalter type plan_new rename to plan;",
    ],
    ["rename-table plan"],
  ],
  [
    "a default that is not put back before another transaction",
    [
      "-- hj:transaction off\nalter table account alter locale drop default;\nalter table account alter locale set default 'en';",
    ],
    ["drop-default account.locale"],
  ],
  [
    "a table that is dropped, whose rows are gone though one of its name is made again",
    ["drop table invoice;\ncreate table invoice (id bigint primary key);"],
    ["drop-table invoice"],
  ],
  [
    "a table that is dropped, whose name another one gets",
    [
      "create table invoice_new (id bigint primary key);\ndrop table invoice;\nalter table invoice_new rename to invoice;",
    ],
    ["drop-table invoice"],
  ],
  [
    "a table that is renamed, and an empty one in its place",
    ["alter table invoice rename to invoice_old;\ncreate table invoice (id bigint primary key);"],
    ["rename-table invoice"],
  ],
  ["an index that no migration made", ["drop index account_legacy_idx;"], ["drop-index account_legacy_idx"]],
  ["a DO block that alters a table", ["do $$ begin alter table account add a int; end $$;"], ["hidden-statements DO"]],
  ["all time-outs that are reset", ["reset all;"], ["own-timeouts all"]],
  ["a schema whose indexes are built anew", ["-- hj:transaction off\nreindex schema public;"], ["reindex public"]],
])("%s is found", (_what, files, expected) => {
  expect(hazardsOf(files).flat()).toEqual(expected);
});

test("a foreign key of a new table reads nothing, because the table is empty", () => {
  const [, judgement] = judgedExample([
    "create table x (id bigint primary key);\nalter table x add foreign key (id) references account;",
  ]).judgements;
  expect(judgement?.foreseen.locks.flat()).toEqual([
    { table: { schema: null, name: "account" }, mode: "ShareRowExclusiveLock", work: null },
  ]);
});

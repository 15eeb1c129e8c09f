// Columns, constraints and types beside the rules' own examples: what must stay quiet, and what must not slip through.
import { expect, test } from "vitest";
import { loadParser } from "../../../src/build/parse-sql.ts";
import { hazardsOf, judgedExample } from "../../support/judged-example.ts";

await loadParser();

const UNIQUE = "create unique index concurrently i on session (token);";
const LONG = "n".repeat(64);

test.each<[what: string, files: readonly string[]]>([
  [
    "the default of a new column that may be null, which fills the old rows and goes",
    ["alter table account add column x text default 'a';\nalter table account alter column x drop default;"],
  ],
  ["DROP NOT NULL of a column that may be null already", ["alter table account alter column name drop not null;"]],
  [
    "a check that PostgreSQL named, validated, as proof",
    [
      "alter table account add check (organization_id is not null) not valid;",
      "alter table account validate constraint account_organization_id_check;",
      "alter table account alter column organization_id set not null;",
    ],
  ],
  [
    "a check under its new name as proof",
    [
      "alter table account add constraint p check (organization_id is not null) not valid;",
      "alter table account rename constraint p to q;",
      "alter table account validate constraint q;",
      "alter table account alter column organization_id set not null;",
    ],
  ],
  [
    "a primary key over an index whose columns hold no null",
    [
      "create table t (a bigint not null, b bigint);",
      "create unique index concurrently u on t (a);",
      "alter table t add constraint t_pkey primary key using index u;",
    ],
  ],
  [
    "a primary key over an index whose columns a check has proven",
    [
      "create table t (a bigint, b bigint, constraint c check (a is not null));",
      "create unique index concurrently u on t (a);",
      "alter table t add constraint t_pkey primary key using index u;",
    ],
  ],
  [
    "a unique constraint that its new index takes over from in one statement",
    [
      "create unique index concurrently i on organization (slug);",
      "alter table organization drop constraint organization_slug_key, add constraint organization_slug_key unique using index i;",
    ],
  ],
  [
    "a value of an enum of the same file",
    ["create type color as enum ('red');\nalter type color rename value 'red' to 'blue';"],
  ],
  ["a domain of the same file", ["create domain d as text;\nalter domain d add constraint c check (value <> '');"]],
  ["what no row is held against", ["alter domain d drop not null;\nalter domain d set default 'a';"]],
  ["a key that counts nothing", ["create table t (country_number int primary key);"]],
  [
    "a timestamp, a varchar and an integer that is no key",
    ["create table t (id uuid primary key, a timestamp, b varchar(9), c int);"],
  ],
  ["a column of one character", ["create table t (id bigint primary key, a char, b char(1), c bpchar);"]],
  ["a name of 63 bytes", [`create table ${"n".repeat(63)} (id bigint primary key);`]],
  ["a long name that something got before", [`comment on table ${LONG} is 'kept';`]],
  ["a long word in a string", [`create table t (id bigint primary key, c text default '${LONG}');`]],
])("nothing is found of %s", (_what, files) => {
  expect(hazardsOf(files).flat()).toEqual([]);
});

test.each<[what: string, files: readonly string[], expected: readonly string[]]>([
  [
    "the default of a new column that must not be null",
    ["alter table account add column x text not null default 'a';\nalter table account alter column x drop default;"],
    ["drop-default account.x"],
  ],
  [
    "a primary key over an index whose columns may be null",
    [
      "create table t (a bigint not null, b bigint);",
      "create unique index concurrently u on t (a, b);",
      "alter table t add constraint t_pkey primary key using index u;",
    ],
    ["set-not-null t.b"],
  ],
  [
    "a check of a column that went and came back as no proof",
    [
      "create table t (id bigint primary key, a bigint, constraint c check (a is not null));",
      "-- hj:allow drop-column t.a gone\nalter table t drop column a;",
      "alter table t add column a bigint;",
      "alter table t alter column a set not null;",
    ],
    ["drop-column t.a", "set-not-null t.a"],
  ],
  [
    "a unique constraint that took over an index",
    [UNIQUE, "alter table session add constraint k unique using index i;", "alter table session drop constraint k;"],
    ["drop-unique session.k"],
  ],
  [
    "a unique constraint over an index that no migration made, beside another one",
    [
      "alter table session add constraint k unique using index x;",
      "alter table session add constraint m unique using index y;",
      "alter table session drop constraint k;",
    ],
    ["drop-unique session.k"],
  ],
  [
    "only the building of a key that one statement drops and makes again",
    ["alter table session drop constraint session_pkey, add primary key (id);"],
    ["add-unique-constraint session.id"],
  ],
  [
    "a unique constraint under its new name",
    [
      "alter table organization rename constraint organization_slug_key to k;",
      "alter table organization drop constraint k;",
    ],
    ["drop-unique organization.k"],
  ],
  [
    "a unique index under its new name",
    [UNIQUE, "alter index i rename to j;", "drop index concurrently j;"],
    ["drop-unique session.j"],
  ],
  [
    "the foreign key of a new column whose default is not null",
    ["alter table account add column x bigint default 1 references organization (id);"],
    ["add-foreign-key account.x", "foreign-key-without-index account.x"],
  ],
  [
    "a check of several columns, by its table",
    ["alter table account add check (logins > 0 or name <> '');"],
    ["add-check account"],
  ],
  ["a check beside a new column", ["alter table account add column x int check (x > 0);"], ["add-check account.x"]],
  [
    "a column that becomes json",
    ["alter table session alter column data type json using data::json;"],
    ["change-column-type session.data", "json-column session.data"],
  ],
  [
    "a key that takes its numbers from a sequence",
    ["create sequence s;\ncreate table t (id int primary key default nextval('s'));"],
    ["short-key t.id"],
  ],
  ["a domain that must not be null", ["alter domain d set not null;"], ["domain-constraint d"]],
  ["a constraint of a domain that is validated", ["alter domain d validate constraint c;"], ["domain-constraint d"]],
  ["a new column of char(n)", ["alter table account add column x character(2);"], ["char-column account.x"]],
  ["a long name of a column", [`alter table account add column ${LONG} text;`], [`long-name ${LONG}`]],
  [
    "a long name of an index, in quotes",
    [`create index concurrently "${LONG}" on account (locale);`],
    [`long-name ${LONG}`],
  ],
  [
    "only the long name, not the short one that it begins with,",
    [`create table n (id bigint primary key, ${LONG} text);`],
    [`long-name ${LONG}`],
  ],
  ["a long new name", [`alter table account rename constraint account_pkey to ${LONG};`], [`long-name ${LONG}`]],
  [
    "letters of two bytes",
    [`create table "${"ä".repeat(32)}" (id bigint primary key);`],
    [`long-name "${"ä".repeat(32)}"`],
  ],
])("%s is found", (_what, files, expected) => {
  expect(hazardsOf(files).flat().toSorted()).toEqual(expected);
});

test("a primary key over an index is foreseen to read the table where a column of it may be null", () => {
  const add = "alter table t add constraint k primary key using index u;";
  const locksOf = (table: string) =>
    judgedExample([table, "create unique index concurrently u on t (a);", add])
      .judgements.at(-1)
      ?.foreseen.locks.flat();
  const lock = { table: { schema: null, name: "t" }, mode: "AccessExclusiveLock" };
  expect(locksOf("create table t (a bigint);")).toEqual([{ ...lock, work: "scan" }]);
  expect(locksOf("create table t (a bigint not null);")).toEqual([{ ...lock, work: null }]);
});

test("the tables of a domain are foreseen to be read, and those without it are not", () => {
  const [, , judgement] = judgedExample([
    "create domain score as int;\nalter table session add column a score;\nalter table account add column b int;",
    "alter domain score set not null;",
  ]).judgements;
  expect(judgement?.foreseen.locks.flat()).toEqual([
    { table: { schema: null, name: "session" }, mode: "ShareLock", work: "scan" },
  ]);
});
